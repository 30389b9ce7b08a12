/**
 * What must and must not compile of a consumer's specification; checked by `tsc` alone, never run.
 * @module
 */
import { Effect, Schema } from "effect"
import * as Consumer from "../core/Consumer.ts"
import * as Contract from "../schemas/Contract.ts"
import { Event } from "../schemas/Event.ts"
import { consumerSpec } from "./consumerSpec.ts"
import { AccountAggregate, FrozenSet } from "./simulation/domain.ts"

class Opened extends Event.v1("Opened", { pence: Schema.Int }) {}
class Closed extends Event.v1("Closed", {}) {}
class Door extends Contract.make("Door", { commands: [], events: [Opened, Closed] }) {}
const options = { contract: Door, from: "now", onError: "park", handler: () => Effect.void } as const

const all = consumerSpec(Consumer.make("all", options))
all.given(AccountAggregate, "a-1", new FrozenSet({ frozen: true })).when("d-1", new Opened({ pence: 1 }), new Closed())

const some = consumerSpec(Consumer.make("some", { ...options, events: ["Opened"] }))
some.when("d-1", new Opened({ pence: 1 }))
// @ts-expect-error '"Closed"' is not assignable to '"Opened"': the consumer does not listen to it.
some.when("d-1", new Closed())
// @ts-expect-error An event of another contract.
all.when("d-1", new FrozenSet({ frozen: true }))
// @ts-expect-error An event that this aggregate does not have.
all.given(AccountAggregate, "a-1", new Closed())
// @ts-expect-error Of which instance, is said.
all.when(new Closed())
