/**
 * Facts from small invented sources: what is found, and what is innocent.
 * @module
 */
import { Result } from "effect"
import { parseSync } from "oxc-parser"
import { assert, describe, it } from "vitest"
import * as App from "../../core/App.ts"
import type { Node } from "../evolve/Module.ts"
import { extract } from "./extract.ts"

type Files = Readonly<Record<string, string>>
const parse = (path: string, text: string): Node =>
  parseSync(path, text, { astType: "ts", preserveParens: false }).program as unknown as Node
const app = App.make("shop", { aggregates: [] })

/** Two services; `Payment` is one file behind a contract, which shares `money.ts` with nobody. */
const shop: Files = {
  "app.ts": `import { App } from "nexus-actors/core"\nimport "./payments/Payment.ts"\nimport "./orders/place.ts"`,
  "orders/service.json": `{ "name": "orders", "owns": ["Order"], "outside": ["env.BANK_URL"] }`,
  "orders/Order.contract.ts": `import { Contract } from "nexus-actors/schemas"
    export class Order extends Contract.make("Order", { commands: [], events: [] }) {}`,
  "orders/place.ts": "",
  "payments/service.json": `{ "name": "payments", "owns": ["Payment"], "hosts": ["pay.internal:8080"] }`,
  "payments/Payment.contract.ts": `import { Contract } from "nexus-actors/schemas"
    import { Schema } from "effect"
    import { Pence } from "./money.ts"
    export class Payment extends Contract.make("Payment", { commands: [], events: [] }) {}`,
  "payments/money.ts": `import { Schema } from "effect"\nexport const Pence = Schema.Int`,
  "payments/rules.ts": "export const max = 1",
  "payments/Payment.ts": `import { Aggregate } from "nexus-actors/core"
    import * as P from "./Payment.contract.ts"
    export const PaymentAggregate = Aggregate.make(P.Payment, 1, 2).decide({}).evolve({})`,
  "payments/index.ts": `export { PaymentAggregate as Pay } from "./Payment.ts"`,
}
const read = (more: Files, templates: Files = {}) =>
  extract({
    ...{ app, entry: "app.ts", parse, files: new Map(Object.entries({ ...shop, ...more })) },
    templates: new Map(Object.entries(templates)),
    alias: (specifier) => specifier.startsWith("#pay/") ? specifier.replace("#pay/", "payments/") : undefined,
  })
const facts = (more: Files, templates: Files = {}) => Result.getOrThrow(read(more, templates))
const placing = (text: string, more: Files = {}) => facts({ ...more, "orders/place.ts": text })
const asking = `import { Actors } from "nexus-actors/core"\nimport * as P from "../payments/Payment.contract.ts"\n`

describe("imports across services", () => {
  const kinds = (text: string, more: Files = {}) =>
    placing(text, more).imports.map(({ from, kind, line, to }) => `${from} ${to} ${kind} ${line}`)
  it("tell contracts, and what they are made of, from everything else", () => {
    assert.deepStrictEqual(kinds(`import { Payment } from "../payments/Payment.contract.ts"`), [
      "orders payments contract 1",
    ])
    assert.deepStrictEqual(kinds(`\nimport "../payments/money.ts"`), ["orders payments contract 2"])
    assert.deepStrictEqual(kinds(`import "../payments/rules.ts"`), ["orders payments internal 1"])
    assert.deepStrictEqual(kinds(`import { max } from "./Order.contract.ts"`), [])
  })
  const internal = [
    `import { PaymentAggregate } from "../payments/Payment.ts"`,
    `import type { PaymentAggregate } from "../payments/Payment.ts"`,
    `type P = import("../payments/Payment.ts").PaymentAggregate`,
    `const load = () => import("../payments/Payment.ts")`,
    `const load = () => import(\`../payments/\${"Payment"}.ts\`)`,
    `export * from "../payments/index.ts"`,
    `export { Pay } from "../payments/index"`,
    `import { Pay } from "../payments"`,
    `import { Pay } from "../payments/index.js"`,
    `import "#pay/Payment.ts"`,
    `const { Pay } = require("../payments/index.ts")`,
    `const { Pay } = own(import.meta.url)("../payments/index.ts")`,
    `new Worker(new URL("../payments/Payment.ts", import.meta.url))`,
    `import rates from "../payments/rates.json" with { type: "json" }`,
    `import { view } from "../payments/view"`,
  ]
  for (const text of internal) {
    it(`see through ${text}`, () => assert.deepStrictEqual(kinds(text), ["orders payments internal 1"]))
  }
  it("count a specifier that cannot be read", () => {
    assert.deepStrictEqual(kinds("const load = (name) => import(name)"), ["orders * internal 1"])
  })
  it("count what a module of nobody takes in for whoever uses it, and not what only the entry uses", () => {
    const bridge = { "bridge.ts": `export * from "./payments/Payment.ts"` }
    const [found, more] = placing(`import "../bridge.ts"`, bridge).imports
    assert.deepInclude(found, { from: "orders", to: "payments", kind: "internal", file: "bridge.ts" })
    assert.isUndefined(more)
    assert.deepStrictEqual(facts(bridge).imports, [])
  })
  it("call no module a contract for its name", () => {
    const wide = shop["payments/Payment.contract.ts"]!.replace("./money.ts", "./Payment.ts")
    assert.deepStrictEqual(
      kinds(`import "../payments/Payment.contract.ts"`, { "payments/Payment.contract.ts": wide }),
      ["orders payments internal 1"],
    )
  })
})

describe("calls across services", () => {
  const calls = (text: string, more: Files = {}) =>
    placing(text, more).calls.map(({ aggregate, how, line, to }) => `${how} ${to} ${aggregate} ${line}`)
  const asks = [
    `${asking}Actors.ask(P.Payment, "1").TakePayment()`,
    `import { Actors as A } from "nexus-actors/core"\nimport { Pay } from "../payments/index.ts"\nA.ask(Pay, "1")`,
    `${asking}const { ask } = Actors; ask(P.Payment, "1")`,
    `${asking}const target = P.Payment; Actors.state(target, "1")`,
    `${asking}Actors.ask({ contract: P.Payment }, "1")`,
    `${asking}const f = function* () { const all = yield* Actors.Actors; yield* all.send({ aggregate: "Payment", command: "X" }) }`,
    `${asking}const f = function* () { yield* (yield* Actors.Actors).state(p, "Payment", "1") }`,
    `${asking}Effect.flatMap(Actors.Actors, (all) => all.send({ aggregate: P.Payment.aggregate ?? "Payment", command: "X" }))`
      .replace(`P.Payment.aggregate ?? "Payment"`, `"Payment"`),
  ]
  for (const text of asks) {
    it(`see the ask in ${text.split("\n").at(-1)}`, () => {
      assert.deepStrictEqual(calls(text), [`ask payments Payment ${text.split("\n").length}`])
    })
  }
  const given = [
    `${asking}Effect.flatMap(Actors.Actors, (all) => all.state(p, "Payment", "1"))`,
    `${asking}Actors.Actors.use((all) => all.state(p, "Payment", "1"))`,
    `${asking}const f = function* () { const all = yield* Effect.service(Actors.Actors); yield* all.state(p, "Payment", "1") }`,
    `${asking}const call = (some: typeof Actors) => some.ask(P.Payment, "1")`,
    `${asking}const how = "ask" as const; Actors[how](P.Payment, "1")`,
    `${asking}const f = (ask = Actors.ask) =>\nask(P.Payment, "1")`.replace("\\n", " "),
    `${asking}const f = async () => (await import("nexus-actors/core")).Actors.ask(P.Payment, "1")`,
    `${asking}const f = async () => { const { Actors: A } = await import("nexus-actors/core"); A.ask(P.Payment, "1") }`,
    `${asking}import("nexus-actors/core").then((core) => core.Actors.ask(P.Payment, "1"))`,
  ]
  for (const text of given) {
    it(`see the ask of what is handed on, in ${text.split("\n").at(-1)}`, () => {
      assert.include(calls(text), `ask payments Payment ${text.split("\n").length}`)
    })
  }
  it("see an ask through a package as Deno names it", () => {
    const text = asking.replace(`"nexus-actors/core"`, `"npm:nexus-actors@0.1.0/core"`)
    assert.deepStrictEqual(calls(`${text}Actors.ask(P.Payment, "1")`), ["ask payments Payment 3"])
  })
  it("count a request to an actor whose target cannot be told, and no other message", () => {
    assert.deepStrictEqual(calls(`${asking}Actors.Actors.use((all) => all.send(request))`), ["ask  * 3"])
    assert.deepStrictEqual(calls(`${asking}const f = (socket) => socket.send("text")`), [])
    assert.deepStrictEqual(calls(`const f = (client, message) => client.send(message)`), [])
  })
  it("leave a single service whatever it asks: there is nobody else", () => {
    const single = `import { Actors } from "nexus-actors/core"\nrun(Actors.ask)`
    const files = new Map([["app.ts", single]])
    const found = extract({ app, entry: "app.ts", files, templates: new Map(), parse, alias: () => undefined })
    assert.deepStrictEqual(Result.getOrThrow(found).calls, [])
  })
  it("leave a service its own aggregates, and the entry all", () => {
    const own =
      `import { Actors } from "nexus-actors/core"\nimport { Order } from "./Order.contract.ts"\nActors.ask(Order, "1")`
    assert.deepStrictEqual(calls(own), [])
    assert.deepStrictEqual(facts({ "main.ts": asking.replace("../", "./") + `Actors.ask(P.Payment, "1")` }).calls, [])
  })
  it("count an ask whose target cannot be told", () => {
    assert.deepStrictEqual(calls(`${asking}const f = (one) => Actors.ask(one, "1")`), ["ask  * 3"])
    assert.deepStrictEqual(calls(`${asking}run(Actors.ask)`), ["ask  * 3"])
  })
  const requests = [
    "fetch(`${base}/v1/Payment/${id}`)",
    `fetch("https://elsewhere/v1/Payment/1/commands/TakePayment", { method: "POST" })`,
    `const path = "/v1/Payment/1"; post(path)`,
    `fetch("http://pay.internal:8080/anything")`,
    `fetch("http://payments.shop.svc/health")`,
    `fetch(new URL("/x", "http://payments/"))`,
    `new WebSocket("ws://payments/v1/stream")`,
    `const get = fetch; get("http://payments/x")`,
    `const f = (get = fetch) => get("http://payments/x")`,
    `import axios from "axios"\naxios.get("http://payments/x")`,
    `import { connect } from "nexus-actors/client"\nconnect<{ Payment: typeof Payment }>({ url })`,
  ]
  for (const text of requests) {
    it(`see the request in ${text}`, () => {
      assert.match(calls(text).join(), /^http payments (Payment|\*) \d$/)
    })
  }
  it("leave what goes outside alone, where it can be told or is declared", () => {
    assert.deepStrictEqual(calls(`fetch("https://api.bank.example/v1/charges")`), [])
    assert.deepStrictEqual(calls("fetch(`${env.BANK_URL}/charges`)"), [])
    assert.deepStrictEqual(calls(`fetch("/v1/Order/1")`), [])
    assert.deepStrictEqual(calls("fetch(url)"), ["http  url 1"])
  })
  it("are told by manifests where nobody waits", () => {
    const manifest =
      `{\n"name": "orders", "owns": ["Order"],\n"consumes": ["Payment.PaymentTaken"],\n"sends": ["Payment.TakePayment"] }`
    assert.deepStrictEqual(calls("", { "orders/service.json": manifest }), [
      "bus payments Payment.TakePayment 4",
      "event payments Payment.PaymentTaken 3",
    ])
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
