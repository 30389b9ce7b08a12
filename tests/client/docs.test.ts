/**
 * What the client's guide shows, run as it stands against the shop that it speaks of.
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { assert, it } from "vitest"
import { start } from "../../edge/deno.ts"
import shop from "../../examples/orders/app.ts"
import { guides, programsOf } from "../docs/guides.ts"

it("the programs of the client's guide run against the shop", async () => {
  const guide = guides().find(({ path }) => path === "docs/client.md")!
  const program = programsOf(guide).at(-1)!
  const data = mkdtempSync(join(tmpdir(), "nexus-client-docs-"))
  // Inside the repository, where the package's own name is found.
  const folder = `.nexus/client-${process.pid}`
  const server = await start(shop, { env: { NEXUS_DATA: data, PORT: "0" }, logLevel: "None" })
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "guide.ts"), program.text.replaceAll("http://127.0.0.1:8787", server.url))
    const scope = "commands:* read history stream"
    const token = await server.mint!({ tenant: "t", subject: "s", scope, ttlSeconds: 600 })
    const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", join(folder, "guide.ts")],
      env: { TOKEN: token, NO_COLOR: "1" },
    }).output()
    const said = new TextDecoder().decode(stdout)
    assert.strictEqual(code, 0, new TextDecoder().decode(stderr))
    // The command, its cancelling, the two states, the history, the listing, and what came live.
    for (const part of ["OrderPlaced", "2034 2", "EUR", 'OrderPlaced { "o-1": 1 }', "Order o-1 1"]) {
      assert.include(said, part, said)
    }
  } finally {
    await server.stop()
    rmSync(data, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
}, 60_000)
