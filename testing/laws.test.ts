import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import * as Aggregate from "../core/Aggregate.ts"
import { accept, reject } from "../core/Decision.ts"
import { EventStore } from "../core/EventStore.ts"
import * as EventStoreMemory from "../core/EventStoreMemory.ts"
import { LawBroken } from "../core/laws/fixtures.ts"
import * as SnapshotStoreMemory from "../core/SnapshotStoreMemory.ts"
import { Command } from "../schemas/Command.ts"
import * as Contract from "../schemas/Contract.ts"
import { Event } from "../schemas/Event.ts"
import { aggregateLaws, eventStoreLaws, type Law, snapshotStoreLaws } from "./laws.ts"
import { AccountAggregate } from "./simulation/domain.ts"
import { runLaws } from "./vitest.ts"

describe("runLaws()", () => {
  runLaws(aggregateLaws(AccountAggregate))
  runLaws(eventStoreLaws.slice(0, 3), EventStoreMemory.layer)
  runLaws(snapshotStoreLaws.slice(0, 2), SnapshotStoreMemory.layer)
})

class Add extends Command("Add", { by: Schema.Int }) {}
class Added extends Event.v1("Added", { by: Schema.Int }) {}
class Tally extends Contract.make("Tally", { commands: [Add], events: [Added] }) {}
const State = Schema.Struct({ total: Schema.Int })
type State = typeof State.Type
const behaviour = Aggregate.make(Tally, State, { total: 0 })
const decide: Aggregate.Decide<typeof Tally, State> = { Add: (_, { by }) => accept(new Added({ by })) }
const evolve: Aggregate.Evolve<typeof Tally, State> = { Added: (_, { by }) => ({ total: by }) }

/** What the laws say of an aggregate, each broken one by its message. */
const broken = <C extends Contract.Any, S>(aggregate: Aggregate.Aggregate<C, S>) =>
  Effect.forEach(
    aggregateLaws(aggregate, { runs: 50 }),
    ({ law }: Law<never>) =>
      Effect.match(law, {
        onSuccess: () => "",
        onFailure: (error) => error instanceof LawBroken ? error.message : `${error}`,
      }),
  )
    .pipe(Effect.map((messages) => messages.filter((message) => message !== "").join("\n")))

const finds = (name: string, aggregate: Aggregate.Aggregate<typeof Tally, State>, message: RegExp) =>
  it.effect(name, () => Effect.map(broken(aggregate), (text) => assert.match(text, message)))

describe("aggregateLaws()", () => {
  it.effect("say nothing of an aggregate that keeps them", () =>
    Effect.map(broken(behaviour.decide(decide).evolve(evolve)), (text) => assert.strictEqual(text, "")))

  finds(
    "find a field that the state's schema does not know",
    behaviour.decide(decide).evolve({ Added: (_, { by }) => ({ total: by, extra: 1 }) as State }),
    /does not fit its schema/,
  )
  finds(
    "find a state that its schema refuses",
    behaviour.decide(decide).evolve({ Added: (_, { by }) => ({ total: by + 0.5 }) }),
    /does not fit its schema/,
  )
  finds(
    "find an evolve that throws",
    behaviour.decide(decide).evolve({
      Added: ({ total }, { by }) => {
        if (total !== 0) throw new Error("once is enough")
        return { total: by }
      },
    }),
    /evolve throws on [^]*: Error: once is enough at .*laws\.test\.ts:\d+/,
  )
  let calls = 0
  finds(
    "find an evolve that depends on more than its arguments",
    behaviour.decide(decide).evolve({ Added: () => ({ total: ++calls }) }),
    /evolve on [^]* is not deterministic/,
  )
  finds(
    "find an evolve that changes the state it was given",
    behaviour.decide(decide).evolve({
      Added: (state) => Object.assign(state, { total: 1 }),
    }),
    /changes the state it was given/,
  )
  finds(
    "find a decide that throws",
    behaviour.decide({
      Add: () => {
        throw new Error("no")
      },
    }).evolve(evolve),
    /decide throws on [^]*"by"[^]*: Error: no at .*laws\.test\.ts:\d+/,
  )
  let asked = 0
  finds(
    "find a decide that throws now and then",
    behaviour.decide({
      Add: (_, { by }) => {
        if (++asked % 2 === 0) throw new Error("every second time")
        return accept(new Added({ by }))
      },
    }).evolve(evolve),
    /decide throws on [^]*"by"[^]*the second time/,
  )
  finds(
    "find a decide that depends on more than its arguments",
    behaviour.decide({ Add: () => accept(new Added({ by: ++calls })) }).evolve(evolve),
    /decide on [^]* is not deterministic/,
  )
  finds(
    "find an event that does not fit its schema",
    behaviour.decide({ Add: () => accept({ _tag: "Added", by: 0.5 } as const) }).evolve(evolve),
    /makes an event that does not fit/,
  )
  finds(
    "find a rejection that the command does not declare",
    behaviour.decide({ Add: () => reject({ _tag: "Never" }) as never }).evolve(evolve),
    /answers Never, which the command does not declare/,
  )
  it.effect("find an upcaster that makes no valid event", () => {
    class Old extends Event.v1("Old", { by: Schema.Int }).v2({ by: Schema.Int }, ({ by }) => ({ by: by + 0.5 })) {}
    class Late extends Contract.make("Late", { commands: [Add], events: [Old] }) {}
    const late = Aggregate.make(Late, State, { total: 0 })
      .decide({ Add: () => accept() })
      .evolve({ Old: (_, { by }) => ({ total: by }) })
    return Effect.map(broken(late), (text) => assert.match(text, /upcasts to no valid event/))
  })
})

describe("the laws of a port", () => {
  it.effect("find a store that breaks them", () => {
    const forgetful = Layer.effect(
      EventStore,
      Effect.map(
        EventStoreMemory.make(),
        (store) => ({ ...store, head: () => Effect.succeed({ version: 0, recordedAt: 0, closed: false }) }),
      ),
    )
    return Effect.map(
      Effect.forEach(eventStoreLaws.slice(0, 6), ({ law }) => Effect.exit(Effect.provide(law, Layer.fresh(forgetful)))),
      (exits) => assert.isTrue(exits.some((exit) => exit._tag === "Failure")),
    )
  })
})
