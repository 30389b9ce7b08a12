/**
 * Four projects: `unit` in this process, `edge` inside workerd (files `*.edge.test.ts`), `package` over what is packed,
 * `engines` against real engines (files `*.engine.test.ts`).
 *
 * Vitest runs under Deno, because Node 20 has no `node:sqlite`.
 * @module
 */
import { cloudflareTest } from "@cloudflare/vitest-plugin"
import { availableParallelism } from "node:os"
import { configDefaults, defineConfig } from "vitest/config"

const edgeFiles = ["**/*.edge.test.ts"]
/** These start engines, one file after another: two JVMs at once would be slower than one after the other. */
const engineFiles = ["**/*.engine.test.ts"]
/** These build and install the package, or hunt planted bugs: they need npm, or minutes. CI alone runs them. */
const packageFiles = ["tests/build.test.ts", "tests/package/*.test.ts", "tests/sim/planted.test.ts"]
/** Generous: the machine that runs the tests may have two slow cores. */
const timeouts = { testTimeout: 30_000, hookTimeout: 30_000 }

/** Vitest would leave one core to itself; of two that is half. */
const maxWorkers = Math.max(2, availableParallelism() - 1)

export default defineConfig({
  test: {
    maxWorkers,
    projects: [
      {
        test: {
          ...timeouts,
          name: "unit",
          environment: "node",
          include: ["**/*.test.ts"],
          exclude: [...configDefaults.exclude, "dist/**", ...edgeFiles, ...engineFiles, ...packageFiles],
        },
      },
      {
        test: { ...timeouts, name: "package", environment: "node", include: packageFiles, fileParallelism: false },
      },
      {
        test: { ...timeouts, name: "engines", environment: "node", include: engineFiles, fileParallelism: false },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
        test: { ...timeouts, name: "edge", include: edgeFiles },
      },
    ],
  },
})
