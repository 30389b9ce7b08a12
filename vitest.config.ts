/**
 * Two projects over the same sources: `unit` in this process, `edge` inside workerd (files `*.edge.test.ts`).
 *
 * Vitest runs under Deno, because Node 20 has no `node:sqlite`.
 * @module
 */
import { cloudflareTest } from "@cloudflare/vitest-plugin"
import { configDefaults, defineConfig } from "vitest/config"

const edgeFiles = ["**/*.edge.test.ts"]
/** Generous: the machine that runs the tests may have two slow cores. */
const timeouts = { testTimeout: 30_000, hookTimeout: 30_000 }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...timeouts,
          name: "unit",
          environment: "node",
          include: ["**/*.test.ts"],
          exclude: [...configDefaults.exclude, "dist/**", ...edgeFiles],
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
        test: { ...timeouts, name: "edge", include: edgeFiles },
      },
    ],
  },
})
