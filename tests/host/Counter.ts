/**
 * The aggregate of the host's tests: a counter with every kind of outcome, and with code that breaks on demand.
 * @module
 */
import { Layer, Schema } from "effect"
import * as Aggregate from "../../core/Aggregate.ts"
import { accept, reject } from "../../core/Decision.ts"
import * as App from "../../core/App.ts"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import * as SnapshotStoreMemory from "../../core/SnapshotStoreMemory.ts"
import * as Principal from "../../core/Principal.ts"
import * as Snapshot from "../../core/Snapshot.ts"
import { ActorHost } from "../../runtime/ActorHost.ts"
import { Gate } from "../../runtime/Gate.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import { Command } from "../../schemas/Command.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"
import { Rejection } from "../../schemas/Rejection.ts"

export class TooMuch extends Rejection("TooMuch", { at: Schema.Int }, 409) {}
export class Add extends Command("Add", { n: Schema.Int }, [TooMuch]) {}
/** Makes `times` events of one command. */
export class Repeat extends Command("Repeat", { times: Schema.Int, note: Schema.optionalKey(Schema.String) }) {}
/** Fails inside `decide`, inside `evolve`, or makes an event that does not fit. */
export class Break extends Command("Break", { where: Schema.Literals(["decide", "evolve", "event"]) }) {}
export class Added extends Event.v1("Added", { n: Schema.Int, note: Schema.optionalKey(Schema.String) }) {}
export class Broken extends Event.v1("Broken", { percent: Schema.Int.pipe(Schema.check(Schema.isLessThan(101))) }) {}
export class Counter extends Contract.make("Counter", { commands: [Add, Repeat, Break], events: [Added, Broken] }) {}

const State = Schema.Struct({ total: Schema.Int })
/** The most a counter holds. */
export const limit = 1_000_000

export const CounterAggregate = Aggregate.make(Counter, State, { total: 0 })
  .decide({
    Add: (state, { n }) =>
      n === 0
        ? accept()
        : state.total + n > limit
        ? reject(new TooMuch({ at: state.total }))
        : accept(new Added({ n })),
    Repeat: (_, { note, times }) =>
      accept(...Array.from({ length: times }, () => new Added(note === undefined ? { n: 1 } : { n: 1, note }))),
    Break: (_, { where }) => {
      if (where === "decide") throw new TypeError("secret-payload")
      return accept(new Broken({ percent: where === "event" ? 101 : 100 }))
    },
  })
  .evolve({
    Added: (state, { n }) => ({ total: state.total + n }),
    Broken: () => {
      throw new RangeError("secret-payload")
    },
  }, Snapshot.policy({ everyEvents: 10 }))

export const app = App.make("counters", { aggregates: [CounterAggregate] })
const positive = Schema.Int.pipe(Schema.check(Schema.isGreaterThan(0)))
const StrictCounter = Contract.make("Counter", {
  commands: [Command("Add", { n: positive }, [TooMuch])],
  events: [Added],
})
/** The same aggregate with another snapshot rule. */
export const appWith = (rule: Snapshot.Policy) =>
  App.make("counters", { aggregates: [{ ...CounterAggregate, snapshot: rule }] })

/** A later release of the same application, whose counters only grow. */
export const stricter = App.make("counters", {
  aggregates: [
    Aggregate.make(StrictCounter, State, { total: 0 })
      .decide({ Add: (_, { n }) => accept(new Added({ n })) })
      .evolve({ Added: (state, { n }) => ({ total: state.total + n }) }),
  ],
})
export const alice = { tenant: "t1", subject: "alice", scopes: ["commands:*", "read"] }
export const asAlice = Principal.layer(alice)

/** A host over fresh memory stores; the stores stay visible to the test. */
export const host = ActorHost.layer(app).pipe(
  Layer.provide(Gate.layerOpen),
  Layer.provideMerge(Layer.mergeAll(EventStoreMemory.layer, SnapshotStoreMemory.layer, TickTrigger.layerImmediate)),
  Layer.provideMerge(asAlice),
)
