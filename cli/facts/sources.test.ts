/**
 * Imports and calls from small invented sources: what is found, and what is innocent.
 * @module
 */
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import { extract } from "./extract.ts"
import { app, facts, type Files, parse, placing, shop } from "./fixture.ts"

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
