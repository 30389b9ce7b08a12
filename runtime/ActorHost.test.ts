/**
 * Commands through a host over the memory store: outcomes, receipts, order.
 * @module
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Actors from "../core/Actors.ts"
import * as Counters from "../tests/host/Counter.ts"

const { Counter, CounterAggregate } = Counters
const ask = (id: string) => Actors.ask(Counter, id)

it.live("ask() answers an accepted command with its events and version", () =>
  Effect.gen(function* () {
    const receipt = yield* ask("c-1").Add({ n: 3 }, { commandId: "k-1" })
    assert.strictEqual(receipt.version, 1)
    assert.deepEqual(receipt.events.map((e) => [e.type, e.version]), [["Added", 1]])
    const { state, version } = yield* Actors.state(CounterAggregate, "c-1")
    assert.deepEqual([state, version], [{ total: 3 }, 1])
  }).pipe(Effect.provide(Counters.host)))

it.live("ask() fails with the rejection's own class", () =>
  Effect.gen(function* () {
    yield* ask("c-1").Add({ n: 1 })
    const refused = yield* Effect.flip(ask("c-1").Add({ n: Counters.limit }))
    assert(refused instanceof Counters.TooMuch)
    assert.strictEqual(refused.at, 1)
  }).pipe(Effect.provide(Counters.host)))
