/**
 * The service that the guide to the package composes, run as it stands: what is sold is paid, then cancelled, for nothing is
 * in stock. Three consumers in a row bring that about.
 * @module
 */
import { assert, it } from "@effect/vitest"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { deno, root } from "../built.ts"
import { guides, programsOf } from "./guides.ts"

/** Behind the guide's own program: sells until the order is cancelled, then says what is stored and what was given up. */
const asked = `
import { DeadLetters } from "nexus-actors/core"
import { Sqlite } from "nexus-actors/sqlite"
const all = Effect.gen(function* () {
  let order = yield* sale
  for (let n = 0; order.state.status !== "cancelled" && n < 200; n++) order = yield* Effect.delay(sale, "50 millis")
  const letters = yield* DeadLetters.DeadLetters
  const given = yield* letters.list("shop", {}, undefined, 10)
  console.log(JSON.stringify({ status: order.state.status, version: order.version, given: given.items.length }))
})
await Effect.runPromise(Effect.provide(all, [nexus(Deno.args[0]!), Sqlite.layer({ folder: Deno.args[0]! })]))
`

it("the service of the guide to the package sells, and its consumers and router do their part", async () => {
  const guide = guides().find(({ path }) => path === "docs/package.md")!
  const program = programsOf(guide).find(({ text }) => text.includes("Workers.layer"))!
  const data = mkdtempSync(join(tmpdir(), "nexus-service-"))
  const folder = `.nexus/service-${process.pid}`
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "service.ts"), program.text + asked)
    const { code, err, out } = await deno(["run", "-q", "-A", join(folder, "service.ts"), data], root)
    assert.strictEqual(code, 0, err)
    assert.deepStrictEqual(JSON.parse(out.trim().split("\n").at(-1)!), { status: "cancelled", version: 3, given: 0 })
  } finally {
    rmSync(data, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
}, 60_000)
