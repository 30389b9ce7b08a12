/**
 * The verbs of the lock on an application that is edited as people edit theirs.
 * @module
 */
import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { existsSync, rmSync } from "node:fs"
import { join } from "node:path"
import { check as checkVerb } from "./check.ts"
import { diff } from "./diff.ts"
import { type Fixture, fixture } from "./fixture.ts"
import { acceptEvolve, generate } from "./generate.ts"

const check = checkVerb(() => Layer.effectContext(Effect.die("no store is asked")))

let lamps: Fixture
beforeEach(async () => {
  lamps = fixture()
  const { code, json } = await lamps.run(generate)
  assert.strictEqual(code, 0)
  assert.includeMembers([...json.written!], [
    "events.lock",
    "generated/lock.ts",
    "generated/schemas/Lamp.Lit.v1.r1.json",
  ])
})
afterEach(() => lamps.remove())

/** What check says, as `kind about`, and that its exit code fits. */
const found = async () => {
  const { code, json } = await lamps.run(check)
  assert.strictEqual(code, json.findings!.length === 0 ? 0 : 1)
  return json.findings!.map(({ about, kind, severity }) => `${severity} ${kind} ${about}`)
}
/** Nothing is written, the lock stays as it was. */
const refuses = async () => {
  const before = lamps.read("events.lock")
  const { code, json } = await lamps.run(generate)
  assert.deepStrictEqual([code, json.written, lamps.read("events.lock")], [1, [], before])
  return json.findings!
}
const settles = async () => {
  assert.strictEqual((await lamps.run(generate)).code, 0)
  assert.deepStrictEqual(await found(), [])
}

describe("nexus schemas", () => {
  it("says nothing of an application as it was locked, and writes nothing twice", async () => {
    assert.deepStrictEqual(await found(), [])
    assert.deepStrictEqual((await lamps.run(generate)).json.written, [])
    assert.match((await lamps.run(check)).text, /^ok: 3 schemas and the folds of 1 aggregate of "lamps" are locked$/)
    assert.strictEqual((await lamps.run(diff)).text, "no difference")
  })

  it("says what to run where there is no lock", async () => {
    for (const path of ["events.lock", "generated"]) rmSync(join(lamps.folder, path), { recursive: true })
    const { code, json, text } = await lamps.run(check)
    assert.strictEqual(code, 1)
    assert.match(text, /^there is no events.lock yet: `nexus schemas generate` makes one$/m)
    assert.deepStrictEqual(json.findings!.map(({ kind }) => kind), ["event-new", "event-new", "event-new", "fold-new"])
    assert.strictEqual(json.findings![0]!.where, "Lamp.contract.ts:4")
  })

  it("takes a compatible edit as the next revision, and keeps the one before", async () => {
    lamps.edit(
      "Lamp.contract.ts",
      "{ room: Schema.String }",
      "{ room: Schema.String, by: Schema.optionalKey(Schema.String) }",
    )
    assert.deepStrictEqual(await found(), ["stale event-changed Lamp.Put.v1"])
    assert.match((await lamps.run(diff)).text, /\+ \/properties\/by \{"type":"string"\}/)
    await settles()
    const lines = lamps.read("events.lock").split("\n").filter((line) => line.includes("Lamp.Put.v1"))
    assert.deepStrictEqual(lines.map((line) => JSON.parse(line).revision), [1, 2])
    assert.isTrue(existsSync(join(lamps.folder, "generated/schemas/Lamp.Put.v1.r1.json")))
    assert.include(lamps.read("generated/lock.ts"), `"revision":2`)
    // What revision 2 stored, revision 1 would refuse: going back is a breaking edit.
    lamps.edit("Lamp.contract.ts", ", by: Schema.optionalKey(Schema.String) }", " }")
    assert.deepStrictEqual(await found(), ["broken event-incompatible Lamp.Put.v1"])
  })

  it("refuses a breaking edit with the place, the rule and the repair", async () => {
    lamps.edit("Lamp.contract.ts", "{ room: Schema.String }", "{ room: Schema.Int }")
    const [finding] = await refuses()
    assert.strictEqual(
      `${finding!.kind} ${finding!.about} ${finding!.where}`,
      "event-incompatible Lamp.Put.v1 Lamp.contract.ts:6",
    )
    assert.strictEqual(finding!.differences![0]!.pointer, "/room")
    assert.match(finding!.repair, /\.v2\(fields, upcaster\)/)
    assert.match((await lamps.run(check)).text, /\/room/)
    // As the repair says: a second version with an upcaster.
    lamps.edit(
      "Lamp.contract.ts",
      `{ room: Schema.Int }) {}`,
      `{ room: Schema.String }).v2({ room: Schema.Int }, () => ({ room: 1 })) {}`,
    )
    assert.deepStrictEqual(await found(), ["stale event-new Lamp.Put.v2", "broken fold-changed Lamp"])
    lamps.edit("Lamp.ts", "revision: 1", "revision: 2")
    await settles()
  })

  it("checks against every locked revision, not the last alone", async () => {
    const by = (schema: string) => `{ room: Schema.String, by: Schema.optionalKey(${schema}) }`
    lamps.edit("Lamp.contract.ts", "{ room: Schema.String }", by("Schema.String"))
    await settles()
    lamps.edit("Lamp.contract.ts", by("Schema.String"), by("Schema.Union([Schema.String, Schema.Int])"))
    await settles()
    // It breaks with revisions 2 and 3 in different ways, and with the first not at all.
    lamps.edit("Lamp.contract.ts", by("Schema.Union([Schema.String, Schema.Int])"), by("Schema.Int"))
    const { text } = await lamps.run(check)
    assert.match(text, /breaks with revision 2, 3 of the lock/)
  })

  it("keeps old versions frozen", async () => {
    lamps.edit(
      "Lamp.contract.ts",
      `v1("Lit", { watts: Schema.Int })`,
      `v1("Lit", { watts: Schema.Int, by: Schema.String })`,
    )
    const [finding] = await refuses()
    assert.strictEqual(`${finding!.kind} ${finding!.about}`, "event-incompatible Lamp.Lit.v1")
    assert.strictEqual(finding!.repair, "write v1 again as it was")
  })

  it("refuses an event, a version and an aggregate that are gone", async () => {
    lamps.edit("Lamp.contract.ts", "events: [Lit, Put]", "events: [Lit]")
    lamps.edit("Lamp.ts", ", Put: (state) => state", "")
    assert.include(await found(), "broken event-removed Lamp.Put.v1")
    assert.match((await refuses())[0]!.repair, /put it back/)
    // Never stored anywhere: its lines are deleted by hand.
    lamps.put(
      "events.lock",
      lamps.read("events.lock").split("\n").filter((line) => !line.includes("Lamp.Put")).join("\n"),
    )
    lamps.edit("Lamp.ts", "revision: 1", "revision: 2")
    await settles()
    assert.isFalse(existsSync(join(lamps.folder, "generated/schemas/Lamp.Put.v1.r1.json")))
    lamps.edit("app.ts", "[LampAggregate]", "[]")
    assert.deepStrictEqual(await found(), ["broken aggregate-removed Lamp"])
  })

  it("refuses a fold that changed under its revision, in a helper's file too", async () => {
    lamps.edit("light.ts", "Math.max", "Math.min")
    assert.deepStrictEqual(await found(), ["broken fold-changed Lamp"])
    assert.match(
      (await refuses())[0]!.repair,
      /set revision: 2 in Aggregate.make, or say with `nexus schemas accept-evolve Lamp`/,
    )
    lamps.edit("Lamp.ts", "revision: 1", "revision: 2")
    assert.deepStrictEqual(await found(), ["stale fold-raised Lamp"])
    await settles()
    lamps.edit("Lamp.ts", "revision: 2", "revision: 1")
    assert.deepStrictEqual(await found(), ["broken fold-lowered Lamp"])
  })

  it("accept-evolve says that the fold is the same, and only that", async () => {
    assert.match((await lamps.run(acceptEvolve)).text, /^nothing to accept/)
    lamps.edit("light.ts", "Math.max(a, b)", "a > b ? a : b")
    lamps.edit("Lamp.contract.ts", "{ room: Schema.String }", "{ room: Schema.Int }")
    const unknown = await lamps.run(acceptEvolve, { AGGREGATE: "Lamb" })
    assert.deepStrictEqual([unknown.code, unknown.text], [2, "the application has no aggregate Lamb: it has Lamp"])
    assert.deepStrictEqual((await lamps.run(acceptEvolve, { AGGREGATE: "Lamp" })).json["accepted"], ["Lamp"])
    assert.deepStrictEqual(await found(), ["broken event-incompatible Lamp.Put.v1"])
  })

  it("takes a new event with its handler without a new revision", async () => {
    lamps.edit(
      "Lamp.contract.ts",
      "export class Lamp ",
      `export class Sold extends Event.v1("Sold", {}) {}\nexport class Lamp `,
    )
    lamps.edit("Lamp.contract.ts", "[Lit, Put]", "[Lit, Put, Sold]")
    lamps.edit("Lamp.ts", "Put: (state) => state", "Put: (state) => state, Sold: () => ({ watts: 0 })")
    assert.deepStrictEqual(await found(), ["stale event-new Lamp.Sold.v1", "stale fold-extended Lamp"])
    await settles()
  })

  it("takes what two branches locked beside each other, once their lines are kept", async () => {
    const base = ["events.lock", "Lamp.contract.ts", "Lamp.ts"].map((path) => [path, lamps.read(path)] as const)
    const add = (...names: ReadonlyArray<string>) => {
      for (const name of names) {
        const declared = `export class ${name} extends Event.v1("${name}", {}) {}\nexport class Lamp `
        lamps.edit("Lamp.contract.ts", "export class Lamp ", declared)
        lamps.edit("Lamp.contract.ts", "[Lit, Put", `[Lit, Put, ${name}`)
        lamps.edit("Lamp.ts", "Put: (state) => state", `Put: (state) => state, ${name}: () => ({ watts: 0 })`)
      }
    }
    const branch = async (...names: ReadonlyArray<string>) => {
      for (const [path, text] of base) lamps.put(path, text)
      add(...names)
      await settles()
      return lamps.read("events.lock").split("\n")
    }
    const [ours, theirs] = [await branch("Sold"), await branch("Lent", "Lost")]
    add("Sold")
    const folds = (lines: ReadonlyArray<string>) => lines.filter((line) => line.includes("aggregate"))
    const schemas = [...new Set([...ours, ...theirs])].filter((line) => !line.includes("aggregate"))
    for (const kept of [ours, theirs]) {
      lamps.put("events.lock", [...folds(kept), ...schemas].join("\n"))
      assert.deepStrictEqual((await found()).filter((line) => line.startsWith("broken")), [])
    }
    lamps.edit("light.ts", "Math.max", "Math.min")
    assert.include(await found(), "broken fold-changed Lamp")
    lamps.edit("light.ts", "Math.min", "Math.max")
    await settles()
  })

  it("names the line of a corrupted lock and of a merge conflict, and writes nothing over it", async () => {
    const whole = lamps.read("events.lock")
    lamps.put("events.lock", whole.replace(`"revision":1,"hash`, `"revision":"one","hash`))
    assert.deepStrictEqual(await found(), ["broken lock-unreadable events.lock:2"])
    await refuses()
    assert.strictEqual((await lamps.run(acceptEvolve)).code, 1)
    lamps.put("events.lock", `<<<<<<< ours\n${whole}=======\n${whole}>>>>>>> theirs\n`)
    const { text } = await lamps.run(check)
    assert.match(text, /line 1 holds a merge conflict: keep the lines of both sides, then run `nexus schemas generate`/)
    await refuses()
  })

  it("finds generated files that were edited, lost or left over, and mends what it can", async () => {
    const [module, schema] = ["generated/lock.ts", "generated/schemas/Lamp.Put.v1.r1.json"]
    lamps.put(module, lamps.read(module).replace("Lamp.Put", "Lamp.Pot"))
    lamps.put("generated/schemas/Lamp.Put.v1.r2.json", "{}")
    lamps.put(schema, lamps.read(schema).replace(`"room"`, `"place"`))
    assert.sameMembers(await found(), [
      `stale file-edited ${schema}`,
      "stale file-foreign generated/schemas/Lamp.Put.v1.r2.json",
      `stale module-stale ${module}`,
    ])
    await settles()
    // Of an older revision only the file knows the schema.
    lamps.edit(
      "Lamp.contract.ts",
      "{ room: Schema.String }",
      "{ room: Schema.String, by: Schema.optionalKey(Schema.String) }",
    )
    await settles()
    lamps.put(schema, lamps.read(schema).replace(`"room"`, `"place"`))
    assert.deepStrictEqual(await found(), [`broken file-edited ${schema}`])
    assert.match((await refuses())[0]!.repair, /git checkout -- \S+\/app\/generated\/schemas\/Lamp\.Put\.v1\.r1\.json/)
    rmSync(join(lamps.folder, schema))
    assert.deepStrictEqual(await found(), [`broken file-missing ${schema}`])
  })

  it("does not mind what a formatter does to generated files", async () => {
    const [module, schema] = ["generated/lock.ts", "generated/schemas/Lamp.Put.v1.r1.json"]
    lamps.put(module, lamps.read(module).replaceAll(/"(\w+)":/g, "$1: "))
    lamps.put(schema, JSON.stringify(JSON.parse(lamps.read(schema))))
    lamps.put("events.lock", lamps.read("events.lock").replaceAll("\n", "\r\n"))
    assert.deepStrictEqual(await found(), [])
  })
})
