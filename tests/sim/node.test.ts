import { assert, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "vite"

const seeds = ["--from", "100", "--seeds", "25", "--json"]
const last = (output: string) => JSON.parse(output.trimEnd().split("\n").at(-1)!) as { readonly digests: object }

it("the simulation has the same digests on Deno and on Node", { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "nexus-sim-"))
  try {
    // Node 20 reads no TypeScript.
    await build({
      configFile: false,
      logLevel: "error",
      ssr: { noExternal: true },
      build: {
        ssr: "testing/sim.ts",
        outDir: folder,
        minify: false,
        rollupOptions: { output: { entryFileNames: "sim.mjs" } },
      },
    })
    // A failing seed is the other suite's to tell; here only sameness counts.
    const run = (command: string, args: ReadonlyArray<string>) =>
      last(spawnSync(command, [...args, ...seeds], { encoding: "utf8", maxBuffer: 1e8 }).stdout)
    const onNode = run("node", [join(folder, "sim.mjs")])
    const onDeno = run(Deno.execPath(), ["run", "-A", "testing/sim.ts"])
    assert.strictEqual(Object.keys(onNode.digests).length, 25)
    assert.deepEqual(onNode.digests, onDeno.digests)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
