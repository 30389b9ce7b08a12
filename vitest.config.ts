/**
 * Two projects over the same sources: `unit` in this process, `edge` inside workerd (files `*.edge.test.ts`).
 *
 * Vitest runs under Deno, because Node 20 has no `node:sqlite`.
 * @module
 */
import { cloudflareTest } from "@cloudflare/vitest-plugin"
import { configDefaults, defineConfig } from "vitest/config"

const edgeFiles = ["**/*.edge.test.ts"]

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          environment: "node",
          include: ["**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...edgeFiles],
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
        test: { name: "edge", include: edgeFiles },
      },
    ],
  },
})
