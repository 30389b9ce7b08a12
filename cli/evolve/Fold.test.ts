import { assert, describe, it } from "@effect/vitest"
import { parseSync } from "oxc-parser"
import * as Fold from "./Fold.ts"
import { by } from "./parser.ts"

const parse = by(parseSync, "js")

type Files = Record<string, string>
const shop: Files = {
  "/app.ts": `import { App } from "nexus-actors/core"
    import { LampAggregate } from "./Lamp.ts"
    export default App.make("shop", { aggregates: [LampAggregate] })`,
  "/Lamp.ts": `import { Aggregate, accept } from "nexus-actors/core"
    import { brighter, unused } from "./light.ts"
    import * as L from "./Lamp.contract.ts"
    const dark = { watts: 0 }
    export const LampAggregate = Aggregate.make(L.Lamp, L.State, dark)
      .decide({ Light: (state, { watts }) => accept(new L.Lit({ watts })) })
      .evolve({
        Lit: (state, { watts }) => ({ ...state, watts: brighter(state.watts, watts) }),
        Out: () => dark,
      })`,
  "/Lamp.contract.ts": `import { Contract, Event } from "nexus-actors/schemas"
    export class Lit extends Event.v1("Lit", { watts: 1 }).v2({ watts: 1, color: 1 }, (old) => ({ ...old, color: "white" })).secondary {}
    class Out extends Event.v1("Out", {}) {}
    export class Lamp extends Contract.make("Lamp", { commands: [], events: [Lit, Out] }) {}
    export const State = 1`,
  "/light.ts": `import { clamp } from "lodash"
    const most = 100
    export const unused = (x) => x
    export const brighter = (a, b) => { const sum = a + b; return sum > most ? most : clamp(sum) }`,
}
const read = (files: Files, upcasters = 1) =>
  Fold.read({ read: (path) => files[path], parse }, "/app.ts", new Map([["Lamp", { upcasters }]]))
const hashOf = (files: Files): string => {
  const { folds, unseen } = read(files)
  return folds.get("Lamp")?.hash ?? `unseen: ${unseen.get("Lamp")}`
}
const edited = (file: string, from: string, to: string): Files => {
  assert.include(shop[file], from)
  return { ...shop, [file]: shop[file]!.replace(from, to) }
}
const usual = hashOf(shop)

describe("the hash of a fold", () => {
  it("is found, with the files and packages it was made of and the places of events", () => {
    const { events, folds } = read(shop)
    assert.deepInclude(folds.get("Lamp"), { file: "/Lamp.ts", line: 5, packages: ["lodash"] })
    assert.deepStrictEqual(folds.get("Lamp")?.files, ["/Lamp.contract.ts", "/Lamp.ts", "/light.ts"])
    assert.deepStrictEqual(events.get("Lamp.Lit"), { file: "/Lamp.contract.ts", line: 2 })
    assert.deepStrictEqual(events.get("Lamp.Out"), { file: "/Lamp.contract.ts", line: 3 })
  })

  const same: ReadonlyArray<readonly [what: string, files: Files]> = [
    ["a type", edited("/light.ts", "(a, b) =>", "(a: number, b: number): number =>")],
    [
      "an assertion of a type",
      edited("/Lamp.ts", "state.watts, watts", "(state.watts as number)!, watts satisfies number"),
    ],
    ["a comment and white space", edited("/light.ts", "const sum", "// the sum of both\n\n  const   sum")],
    ["parentheses", edited("/light.ts", "a + b", "(a + b)")],
    [
      "the name of a local",
      edited(
        "/light.ts",
        "const sum = a + b; return sum > most ? most : clamp(sum)",
        "const all = a + b; return all > most ? most : clamp(all)",
      ),
    ],
    ["the name of a parameter", edited("/light.ts", "(a, b) => { const sum = a + b", "(x, y) => { const sum = x + y")],
    ["a longhand property", edited("/Lamp.ts", "Lit: (state, { watts })", "Lit: (state, { watts: watts })")],
    ["the name of a helper", {
      ...edited("/light.ts", "export const brighter", "export const lighter"),
      "/Lamp.ts": shop["/Lamp.ts"]!.replaceAll("brighter", "lighter"),
    }],
    ["the name of a constant", { ...shop, "/Lamp.ts": shop["/Lamp.ts"]!.replaceAll("dark", "off") }],
    ["the file of a helper", { ...shop, "/light.ts": `export * from "./other.ts"`, "/other.ts": shop["/light.ts"]! }],
    ["the order of handlers", {
      ...shop,
      "/Lamp.ts": shop["/Lamp.ts"]!.replace("Out: () => dark,", "").replace(".evolve({", ".evolve({ Out: () => dark,"),
    }],
    ["handlers under a name", {
      ...shop,
      "/Lamp.ts": shop["/Lamp.ts"]!.replace(".evolve({", ".evolve(handlers)\nconst handlers = ({"),
    }],
    ["the steps get names", {
      ...shop,
      "/Lamp.ts": shop["/Lamp.ts"]!.replace("export const LampAggregate = Aggregate", "const made = Aggregate")
        .replace(".evolve({", "\nexport const LampAggregate = made.evolve({"),
    }],
    ["what decide does", edited("/Lamp.ts", "accept(new L.Lit({ watts }))", "accept()")],
    ["a helper that is not used", edited("/light.ts", "(x) => x", "(x) => x + 1")],
    ["an event's fields", edited("/Lamp.contract.ts", `"Out", {}`, `"Out", { why: 1 }`)],
  ]
  for (const [what, files] of same) it(`stays where ${what} changes`, () => assert.strictEqual(hashOf(files), usual))

  const other: ReadonlyArray<readonly [what: string, files: Files]> = [
    ["a handler", edited("/Lamp.ts", "Out: () => dark", "Out: (state) => state")],
    ["a helper in another file", edited("/light.ts", "a + b", "a - b")],
    ["a constant of that file", edited("/light.ts", "most = 100", "most = 200")],
    ["the initial state", edited("/Lamp.ts", "watts: 0", "watts: 1")],
    ["an upcaster", edited("/Lamp.contract.ts", `"white"`, `"warm"`)],
    ["which package does it", edited("/light.ts", `"lodash"`, `"underscore"`)],
    ["which local is meant", edited("/light.ts", "clamp(sum)", "clamp(b)")],
    ["a property's name", edited("/Lamp.ts", "watts: brighter", "volts: brighter")],
    ["an operator, by one character", edited("/light.ts", "sum > most", "sum >= most")],
    ["optional chaining", edited("/Lamp.ts", "state.watts, watts", "state?.watts, watts")],
    ["a handler more", edited("/Lamp.ts", "Out: () => dark,", "Out: () => dark, Gone: () => dark,")],
  ]
  for (const [what, files] of other) {
    it(`changes where ${what} changes`, () => {
      assert.match(hashOf(files), /^[0-9a-f]{64}$/)
      assert.notStrictEqual(hashOf(files), usual)
    })
  }

  it("of the events there were stays where a handler and an event come beside them", () => {
    const more = edited("/Lamp.ts", "Out: () => dark,", "Out: () => dark, Gone: (state) => state,")
    const fold = read(more).folds.get("Lamp")!
    assert.strictEqual(fold.hashOf(new Set(["Lit", "Out"])), usual)
    assert.notStrictEqual(fold.hashOf(new Set(["Lit"])), usual)
    assert.notStrictEqual(fold.hash, usual)
  })

  it("keeps an inner name apart from an outer one of the same spelling", () => {
    const shadowed = edited("/light.ts", "(a, b) =>", "(a, most) =>")
    const renamed = edited(
      "/light.ts",
      "(a, b) => { const sum = a + b; return sum > most ? most : clamp(sum)",
      "(a, c) => { const sum = a + b; return sum > c ? c : clamp(sum)",
    )
    assert.strictEqual(hashOf(shadowed), hashOf(renamed))
    assert.notStrictEqual(hashOf(shadowed), usual)
  })

  it("goes round in helpers that call each other", () => {
    const round = edited(
      "/light.ts",
      "const most = 100",
      "const most = 100\nfunction even(n) { return n === 0 || odd(n - 1) }\nfunction odd(n) { return even(n - 1) }",
    )
    const used = { ...round, "/light.ts": round["/light.ts"]!.replace("clamp(sum)", "even(sum)") }
    const changed = { ...used, "/light.ts": used["/light.ts"]!.replace("n === 0", "n === 1") }
    assert.notStrictEqual(hashOf(used), hashOf(changed))
  })

  it("is not there where its source cannot be found, with the reason", () => {
    assert.match(hashOf({ ...shop, "/app.ts": `import "lamps"` }), /^unseen: it cannot be found: write Aggregate/)
    assert.match(
      hashOf({ ...shop, "/More.ts": shop["/Lamp.ts"]!, "/app.ts": `import "./Lamp.ts"\nimport "./More.ts"` }),
      /two places/,
    )
    assert.match(read(shop, 2).unseen.get("Lamp")!, /an upcaster cannot be found/)
  })
})
