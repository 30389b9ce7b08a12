/**
 * `nexus import` stores nothing that is not governed: the verb in this process, over real files.
 * @module
 */
import { Effect, Layer } from "effect"
import { createHash } from "node:crypto"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { exportVerb, importVerb } from "../../cli/transfer.ts"
import type { Input, Verb } from "../../cli/Verb.ts"
import type { App } from "../../core/App.ts"
import { EventStore, tombstone } from "../../core/EventStore.ts"
import { append, event, stored, streamOf } from "../../core/laws/fixtures.ts"
import { SchemaRegistry } from "../../core/SchemaRegistry.ts"
import * as SchemaRegistryMemory from "../../core/SchemaRegistryMemory.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import accounts from "../kill/app.ts"
import notes from "./notes.ts"

const place = mkdtempSync(join(tmpdir(), "nexus-governed-"))
const at = (name: string) => join(place, name)
const inFolder = <A, E>(folder: string, use: Effect.Effect<A, E, EventStore | SchemaRegistry>) =>
  Effect.runPromise(Effect.provide(use, Layer.fresh(Sqlite.layer({ folder }))))

/** As `cli/main.ts` puts it together; of the application's file nothing but its folder is looked at. */
const importing = importVerb({
  open: (_, folder) => Layer.fresh(Sqlite.layer({ folder })),
  rehearse: (_, folder) =>
    existsSync(join(folder, "nexus.db")) ? Layer.fresh(Sqlite.layer({ folder })) : SchemaRegistryMemory.layer,
})
const exporting = exportVerb((folder) => Layer.fresh(Sqlite.layerExisting({ folder })), () => Effect.void)

const run = (verb: Verb, file: string, folder: string, app: App = notes, entry = "tests/operate/notes.ts") => {
  const options: Readonly<Record<string, string>> = { FILE: file, data: folder, app: entry }
  const input: Input = {
    option: (name) => options[name],
    json: false,
    color: false,
    env: {},
    app: Effect.succeed(app),
    print: () => Effect.void,
    progress: () => {},
  }
  return Effect.runPromise(
    Effect.match(verb.run(input), { onFailure: ({ message }) => message, onSuccess: () => "ok" }),
  )
}
const importAccounts = (folder: string) => run(importing, at("all"), folder, accounts, "tests/kill/app.ts")
let exports = 0
const bytes = async (folder: string): Promise<string> => {
  const file = at(`again-${exports++}`)
  assert.strictEqual(await run(exporting, file, folder), "ok")
  return readFileSync(file, "utf8")
}

beforeAll(async () => {
  const stream = streamOf("t", "a")
  const closing = { ...append(stream, 4, "closes"), events: [event("closes", tombstone)] }
  const fill = Effect.flatMap(
    EventStore,
    (store) => Effect.forEach([append(stream, 0, "one", 4), closing], (one) => stored(store, one)),
  )
  await inFolder(at("source"), fill)
  assert.strictEqual(await run(exporting, at("all"), at("source")), "ok")
  assert.strictEqual(await run(importing, at("all"), at("copy")), "ok")
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

/** The export with another fourth line, and the sum that belongs to it. */
const changed = (change: (line: Record<string, unknown>) => object): string => {
  const all = readFileSync(at("all"), "utf8").trimEnd().split("\n")
  const [fourth, end] = [JSON.parse(all[3]!), JSON.parse(all.at(-1)!)]
  const body = `${all.slice(0, -1).with(3, JSON.stringify(change(fourth))).join("\n")}\n`
  return `${body}${JSON.stringify({ ...end, sha256: createHash("sha256").update(body).digest("hex") })}\n`
}

type Line = Record<string, unknown>
const bad: ReadonlyArray<readonly [what: string, change: (line: Line) => object, reason: RegExp]> = [
  ["of an unknown type", (line) => ({ ...line, type: "Sung" }), /Order\.Sung\.v1 is not registered: lock its schema/],
  ["of an unknown version", (line) => ({ ...line, schemaVersion: 2 }), /Order\.Noted\.v2 is not registered/],
  ["of an unknown aggregate", (line) => ({ ...line, aggregate: "Cart" }), /Cart\.Noted\.v1 is not registered/],
  [
    "that fits no revision",
    (line) => ({ ...line, payload: { secret: "s3cr3t" } }),
    /it fits no registered revision of Order\.Noted\.v1: \/secret /,
  ],
  ["that is no JSON", ({ payload: _, ...line }) => ({ ...line, payloadText: "s3cr3t" }), /\(all\) Expected JSON text/],
]

describe("nexus import", () => {
  for (const [what, change, reason] of bad) {
    it(`stores nothing of a file with an event ${what}, and says where and why`, async () => {
      writeFileSync(at("bad"), changed(change))
      const said = await run(importing, at("bad"), at("fresh"))
      assert.match(said, /, line 4: /)
      assert.match(said, reason)
      assert.notInclude(said, "s3cr3t")
      assert.isFalse(existsSync(at("fresh")))
      const before = await bytes(at("copy"))
      assert.match(await run(importing, at("bad"), at("copy")), reason)
      assert.isTrue(await bytes(at("copy")) === before)
    })
  }

  it("gives back the same bytes", async () => {
    assert.isTrue(await bytes(at("copy")) === readFileSync(at("all"), "utf8"))
  })

  it("takes what the folder's registry holds, whatever the application is", async () => {
    assert.match(await importAccounts(at("kept")), /line 2: Order\.Noted\.v1 is not registered/)
    assert.strictEqual(await run(importing, at("all"), at("kept")), "ok")
    assert.strictEqual(await importAccounts(at("kept")), "ok")
  })

  it("takes an event of an older revision, and refuses an application that breaks with what is registered", async () => {
    const object = (properties: object) => ({ type: "object", properties, additionalProperties: false }) as never
    const register = (schema: never) =>
      Effect.flatMap(SchemaRegistry, (registry) => registry.register("Order.Noted.v1", schema))
    await inFolder(at("older"), register(object({ of: {} })))
    assert.strictEqual(await run(importing, at("all"), at("older")), "ok")
    await inFolder(at("narrow"), register(object({ of: {}, more: {} })))
    const said = await run(importing, at("all"), at("narrow"))
    assert.match(said, /schemas cannot be registered\s+Order\.Noted\.v1 breaks with what is registered[^]*\/more/)
    const { items } = await inFolder(at("narrow"), Effect.flatMap(EventStore, (store) => store.feed(undefined, 10)))
    assert.lengthOf(items, 0)
  })
})
