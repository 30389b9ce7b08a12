/**
 * Bus commands and subscriptions from small invented sources: what is found, and what is innocent.
 * @module
 */
import { Effect, Result } from "effect"
import { assert, describe, it } from "vitest"
import * as App from "../../core/App.ts"
import * as Consumer from "../../core/Consumer.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"
import { extract } from "./extract.ts"
import { parse, placing, shop } from "./fixture.ts"

const bus = `import { CommandBus } from "nexus-actors/core"\nimport * as P from "../payments/Payment.contract.ts"\n`

describe("bus commands", () => {
  const sent = (text: string) =>
    placing(bus + text).calls.filter(({ how }) => how === "bus").map(({ aggregate, from, line, to }) =>
      `${from} ${to} ${aggregate} ${line}`
    )
  const found: ReadonlyArray<readonly [string, string]> = [
    ["CommandBus.tell(P.Payment, id, about).TakePayment({})", "orders payments Payment.TakePayment 3"],
    ["const to = CommandBus.tell(P.Payment, id, about)\nto.TakePayment({})", "orders payments Payment.TakePayment 4"],
    [`CommandBus.tell(P.Payment, id, about)["TakePayment"]({})`, "orders payments Payment.TakePayment 3"],
    ["CommandBus.tell(P.Payment, id, about)[name]({})", "orders payments Payment.* 3"],
    ["hand(CommandBus.tell(P.Payment, id, about))", "orders payments Payment.* 3"],
    ["CommandBus.tell(any, id, about).Do({})", "orders  *.Do 3"],
    [
      "const { tell } = CommandBus\ntell(P.Payment, id, about).TakePayment({})",
      "orders payments Payment.TakePayment 4",
    ],
    ["hand(CommandBus.tell)", "orders  *.* 3"],
    [
      `const f = function* () {\n  const b = yield* CommandBus.CommandBus\n  b.send({ aggregate: "Payment", command: "TakePayment" })\n}`,
      "orders payments Payment.TakePayment 5",
    ],
    [
      "const f = function* () {\n  const b = yield* CommandBus.CommandBus\n  b.send(command)\n}",
      "orders  *.* 5",
    ],
  ]
  for (const [text, fact] of found) it(`see ${text}`, () => assert.deepStrictEqual(sent(text), [fact]))

  it("tell two commands of one line apart", () => {
    const to = "CommandBus.tell(P.Payment, id, about)"
    assert.lengthOf(sent(`const all = [${to}.TakePayment({}), ${to}.RefundPayment({})]`), 2)
  })
  it("leave a service alone with its own", () => {
    const own = `import * as O from "./Order.contract.ts"\nCommandBus.tell(O.Order, id, about).PlaceOrder({})`
    assert.deepStrictEqual(sent(own), [])
    assert.deepStrictEqual(sent("object.tell(P.Payment, id, about).TakePayment({})"), [])
  })
})

describe("subscriptions", () => {
  class Taken extends Event.v1("Taken", {}) {}
  class Noted extends Event.v1("Noted", {}).secondary {}
  class Payment extends Contract.make("Payment", { commands: [], events: [Taken, Noted] }) {}
  class Order extends Contract.make("Order", { commands: [], events: [Taken] }) {}
  const consumer = (contract: Contract.Any, events?: ReadonlyArray<string>) =>
    Consumer.make("mine", {
      ...{ contract, from: "now", onError: "park", handler: () => Effect.void } as const,
      ...events === undefined ? {} : { events },
    })
  const heard = (one: Consumer.Any, text: string) => {
    const files = new Map(Object.entries({ ...shop, "orders/place.ts": text }))
    const app = App.make("shop", { aggregates: [], consumers: [one] })
    const read = extract({ app, entry: "app.ts", parse, files, templates: new Map(), alias: () => undefined })
    return Result.getOrThrow(read).calls.filter(({ how }) => how === "event")
      .map(({ aggregate, file, from, line, to }) => `${from} ${to} ${aggregate} ${file}:${line}`)
  }
  const made = `import { Consumer } from "nexus-actors/core"\nConsumer.make("mine", {})`

  it("are those of the running application, where they are declared", () => {
    assert.deepStrictEqual(heard(consumer(Payment), made), [
      "orders payments Payment.Taken orders/place.ts:2",
      "orders payments Payment.Noted orders/place.ts:2",
    ])
    assert.deepStrictEqual(heard(consumer(Payment, ["Noted"]), made), [
      "orders payments Payment.Noted orders/place.ts:2",
    ])
  })
  it("stand in no service where nobody can find them", () => {
    assert.deepStrictEqual(heard(consumer(Payment, ["Taken"]), ""), [" payments Payment.Taken app.ts:1"])
  })
  it("to one's own events, and to those of another application, are none", () => {
    assert.deepStrictEqual(heard(consumer(Order), made), [])
    class Parcel extends Contract.make("Parcel", { commands: [], events: [Taken] }) {}
    assert.deepStrictEqual(heard(consumer(Parcel), made), [])
  })
})
