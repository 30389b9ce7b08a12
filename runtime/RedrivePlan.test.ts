import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Aggregate from "../core/Aggregate.ts"
import * as App from "../core/App.ts"
import * as Consumer from "../core/Consumer.ts"
import type { DeadLetter } from "../core/DeadLetters.ts"
import { accept } from "../core/Decision.ts"
import { EventStore, tombstone } from "../core/EventStore.ts"
import * as EventStoreMemory from "../core/EventStoreMemory.ts"
import type { Leases } from "../core/Leases.ts"
import * as LeasesMemory from "../core/LeasesMemory.ts"
import { append, event, stored, streamOf } from "../core/laws/fixtures.ts"
import { Command } from "../schemas/Command.ts"
import * as Contract from "../schemas/Contract.ts"
import { Event } from "../schemas/Event.ts"
import * as RedrivePlan from "./RedrivePlan.ts"

class Pay extends Command("Pay", {}) {}
class Paid extends Event.v1("Paid", { pence: Schema.Int })
  .v2({ pence: Schema.Int, by: Schema.String }, (old) => ({ ...old, by: "unknown" })) {}
class Spoilt extends Event.v1("Spoilt", {}).v2({ a: Schema.Int }, () => {
  throw new Error("a secret")
}) {}
class Named extends Event.v1("Named", {}) {}
class Mailed extends Event.v1("Mailed", {}).secondary {}
class Wallet extends Contract.make("Wallet", { commands: [Pay], events: [Paid, Spoilt, Named, Mailed] }) {}

const aggregate = Aggregate.make(Wallet, Schema.Struct({}), {})
  .decide({ Pay: () => accept() })
  .evolve({ Paid: (state) => state, Spoilt: (state) => state, Named: (state) => state, Mailed: (state) => state })
const mailer = Consumer.make("mailer", {
  contract: Wallet,
  events: ["Paid", "Spoilt", "Mailed"],
  from: "now",
  onError: "park",
  handler: () => Effect.void,
})
const app = App.make("wallets", { aggregates: [aggregate], consumers: [mailer] })

const stream = streamOf("t", "w", "Wallet")
const letter = (more: Partial<DeadLetter> = {}): DeadLetter => ({
  ...{ id: "x", kind: "stream", consumer: "mailer", stream, version: 1, eventId: "e-1", type: "Paid", error: "x" },
  ...{ attempts: 6, firstAt: 0, lastAt: 0, traceId: "", asked: "nothing", fence: 1 },
  ...more,
})
const history: ReadonlyArray<readonly [type: string, version: number, payload: string]> = [
  ["Paid", 1, `{"pence":5}`],
  ["Named", 1, "{}"],
  ["Mailed", 1, "{}"],
  ["Paid", 2, `{"pence":"secret","by":"x"}`],
  ["Paid", 3, "{}"],
  ["Lost", 1, "{}"],
  ["Spoilt", 1, "{}"],
  [tombstone.type, 1, "{}"],
]
const written = Effect.flatMap(EventStore, (store) =>
  Effect.forEach(history, ([type, schemaVersion, payload], i) => {
    const one = event(`e-${i + 1}`, { type, schemaVersion, payload })
    return stored(store, { ...append(stream, i, `c-${i}`), events: [one] })
  }))
const planned = (body: Effect.Effect<void, unknown, EventStore | Leases>) => () =>
  Effect.andThen(written, body).pipe(Effect.provide([EventStoreMemory.layer, LeasesMemory.layer]))

describe("the plan of a redrive", () => {
  it.effect(
    "names what a consumer would be given again, read by the code of today, without a value",
    planned(Effect.gen(function* () {
      const { events, next } = yield* RedrivePlan.make(app, 100)(letter())
      assert.isUndefined(next)
      assert.deepStrictEqual(events[0], { version: 1, eventId: "e-1", type: "Paid", schemaVersion: 1 })
      assert.deepStrictEqual(events.map(({ problem, version }) => [version, problem]), [
        [1, undefined],
        [4, "the payload does not fit: /pence Expected number"],
        [5, "the application does not know Paid version 3"],
        [7, "an upcaster fails on it"],
      ])
      assert.notInclude(JSON.stringify(events), "secret")
    })),
  )

  it.effect(
    "of the router, and of a consumer of other code, holds every event; that of a message the one",
    planned(Effect.gen(function* () {
      const plan = RedrivePlan.make(app, 100)
      const versions = (some: Partial<DeadLetter>) =>
        Effect.map(plan(letter(some)), ({ events }) => events.map(({ version }) => version))
      assert.deepStrictEqual(yield* versions({ consumer: "router", version: 2 }), [2, 3, 4, 5, 6, 7, 8])
      assert.deepStrictEqual(yield* versions({ consumer: "gone", version: 7 }), [7, 8])
      assert.deepStrictEqual(yield* versions({ kind: "message", version: 3, eventId: "e-3" }), [3])
      assert.deepStrictEqual(yield* versions({ kind: "message", version: 3, eventId: "e-4" }), [])
      const foreign = letter({ consumer: "router", stream: streamOf("t", "w", "Purse") })
      const all = Consumer.make("mailer", {
        contract: Wallet,
        from: "now",
        onError: "park",
        handler: () => Effect.void,
      })
      const every = yield* RedrivePlan.make(App.make("wallets", { aggregates: [aggregate], consumers: [all] }), 9)(
        letter(),
      )
      const lost = { version: 6, problem: "the application does not know Lost version 1" }
      assert.deepInclude(every.events.find(({ type }) => type === "Lost"), lost)
      assert.deepStrictEqual(every.events.map(({ version }) => version), [1, 2, 4, 5, 6, 7])
      assert.deepStrictEqual(yield* plan(foreign), { events: [], next: undefined })
    })),
  )

  it.effect(
    "is bounded, and says where it stopped",
    planned(Effect.gen(function* () {
      const { events, next } = yield* RedrivePlan.make(app, 4)(letter())
      assert.deepStrictEqual([events.map(({ version }) => version), next], [[1, 4], 5])
      const last = yield* RedrivePlan.make(app, 4)(letter({ version: 5 }))
      assert.deepStrictEqual([last.events.length, last.next], [2, undefined])
    })),
  )
})
