/**
 * What of an application is read, ways to store events, and how it is served, from small invented sources.
 * @module
 */
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import { extract } from "./extract.ts"
import { app, facts, type Files, parse, placing, read, shop } from "./fixture.ts"

describe("what an import leads to", () => {
  const elsewhere: Files = {
    "orders/clean.test.ts": `db.exec("DELETE FROM events")`,
    "../lib/clean.ts": `import "./more.ts"`,
    "../lib/more.ts": `db.exec("UPDATE events SET a = 1")`,
  }
  const statements = (text: string) => {
    const files = new Map(Object.entries({ ...shop, "orders/place.ts": text }))
    const imported = (path: string) => elsewhere[path]
    const found = extract({
      app,
      entry: "app.ts",
      files,
      imported,
      templates: new Map(),
      parse,
      alias: () => undefined,
    })
    return Result.getOrThrow(found).statements.map(({ file, line, operation }) => `${operation} ${file} ${line}`)
  }
  it("counts, be it a test or beside the folder", () => {
    assert.deepStrictEqual(statements(""), [])
    assert.deepStrictEqual(statements(`import "./clean.test.ts"`), ["DELETE orders/clean.test.ts 1"])
    assert.deepStrictEqual(statements(`import "../../lib/clean.ts"`), ["UPDATE ../lib/more.ts 1"])
  })
  it("is named where it cannot be read", () => {
    const faults = Result.getOrThrow(
      Result.flip(read({ "orders/place.ts": `import "./broken.ts"`, "orders/broken.ts": "const" })),
    )
    assert.lengthOf(faults, 1)
    assert.match(faults[0]!, /^orders\/broken\.ts: /)
  })
})

describe("ways to store events", () => {
  it("that go past the actors are not validated", () => {
    const text = `import { EventStore } from "nexus-actors/core"\nimport { Gate } from "nexus-actors/runtime"
      const f = function* () { const store = yield* EventStore.EventStore; yield* store.commit([]) }
      const open = Gate.Gate.layerOpen`
    assert.deepStrictEqual(
      placing(text).publishers.map(({ line, path, validated }) => [path, validated, line]),
      [["EventStore.commit", false, 3], ["Gate.layerOpen", false, 4]],
    )
  })
  const store = `import { EventStore } from "nexus-actors/core"\n`
  const given = [
    "Effect.flatMap(EventStore.EventStore, (store) => store.commit(work))",
    "EventStore.EventStore.use(({ commit }) => commit(work))",
    "const f = function* () { const { commit } = yield* EventStore.EventStore; yield* commit(work) }",
    "const f = function* () { const s = yield* Effect.service(EventStore.EventStore); yield* s.commit(work) }",
    "const f = (store: EventStore.Shape) => store.commit(work)",
  ]
  for (const text of given) {
    it(`see ${text}`, () => {
      assert.deepStrictEqual(placing(store + text).publishers.map(({ line, path }) => [path, line]), [
        ["EventStore.commit", 2],
      ])
    })
  }
  it("are no commit of a database", () => {
    assert.deepStrictEqual(placing(`${store}const f = (transaction) => transaction.commit()`).publishers, [])
    assert.deepStrictEqual(placing("const f = (git) => git.commit(message)").publishers, [])
  })
})

describe("how it is served", () => {
  const limits = (text: string) =>
    facts({ "main.ts": `import { serve } from "nexus-actors/edge/deno"\n${text}` }).routes
      .filter(({ temporal }) => temporal).map(({ file, limit, line }) => [file, line, limit])
  const usual = { requests: 10, windowSeconds: 60, per: "client" } as const
  it("is read from the entry, limits included", () => {
    assert.deepStrictEqual(limits("serve(app)"), [["main.ts", 2, usual]])
    assert.deepStrictEqual(limits("serve(app, { limits: { queryWindowMs: 1_000 } })"), [["main.ts", 2, {
      ...usual,
      windowSeconds: 1,
    }]])
    assert.deepStrictEqual(limits("const less = { queries: 3 }\nserve(app, { limits: less })"), [["main.ts", 3, {
      ...usual,
      requests: 3,
    }]])
  })
  it("is what the entry says, though no server would start with it", () => {
    assert.deepStrictEqual(limits("serve(app, { limits: { queries: 100 } })"), [["main.ts", 2, {
      ...usual,
      requests: 100,
    }]])
  })
  it("holds nothing where limits cannot be read", () => {
    assert.deepStrictEqual(limits(`serve(app, { ["limits"]: { queries: 100 } })`), [["main.ts", 2, null]])
    assert.deepStrictEqual(limits("serve(app, { limits: load() })"), [["main.ts", 2, null]])
    assert.deepStrictEqual(limits("serve(app, options)"), [["main.ts", 2, null]])
  })
  it("is the application's own where there is no entry", () => {
    assert.deepInclude(facts({}).routes.find(({ temporal }) => temporal), { file: "app.ts", limit: usual })
  })
})

describe("what cannot be read", () => {
  it("is said with its place, all at once", () => {
    const wrong = {
      ...shop,
      "orders/service.json": `{ "name": "Orders", "owns": ["Order"], "more": 1 }`,
      "payments/service.json": "{",
    }
    const faults = Result.getOrThrow(Result.flip(read(wrong)))
    assert.match(
      faults.join("\n"),
      /orders\/service.json at \/more.*[\s\S]*orders\/service.json at \/name.*[\s\S]*payments\/service.json is no JSON/,
    )
  })
  it("is a lock or a template that is none", () => {
    const faults = Result.getOrThrow(Result.flip(read({ "events.lock": "x" }, { "t.yaml": "Resources:" })))
    assert.match(faults.join("\n"), /events.lock:1 is no JSON[\s\S]*t.yaml is no template/)
  })
})
