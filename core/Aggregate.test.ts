import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, DateTime, Effect, Result, Schema } from "effect"
import { Command } from "../schemas/Command.ts"
import * as Contract from "../schemas/Contract.ts"
import { Event } from "../schemas/Event.ts"
import * as Generators from "../schemas/Generators.ts"

import { Rejection } from "../schemas/Rejection.ts"
import * as Aggregate from "./Aggregate.ts"
import { accept, reject } from "./Decision.ts"
import * as Snapshot from "./Snapshot.ts"

class Full extends Rejection("Full", { places: Schema.Int }) {}
class Enter extends Command("Enter", { people: Schema.Int }, [Full]) {}
class Leave extends Command("Leave", {}) {}
class Entered extends Event.v1("Entered", { people: Schema.Int, id: Schema.String }) {}
class Left extends Event.v1("Left", {}) {}
class Room extends Contract.make("Room", { commands: [Enter, Leave], events: [Entered, Left] }) {}

const RoomAggregate = Aggregate.make(Room, Schema.Struct({ inside: Schema.Int }), { inside: 0 }, { revision: 3 })
  .decide({
    Enter: ({ inside }, { people }, { nextId }) =>
      inside + people > 5 ? reject(new Full({ places: 5 - inside })) : accept(new Entered({ people, id: nextId() })),
    Leave: ({ inside }) => inside === 0 ? accept() : accept(new Left()),
  })
  .evolve({
    Entered: ({ inside }, { people }) => ({ inside: inside + people }),
    Left: ({ inside }) => ({ inside: inside - 1 }),
  }, Snapshot.policy({ everyEvents: 7 }))

const context: Aggregate.CommandContext = {
  principal: { tenant: "t", subject: "s", scopes: [] },
  now: DateTime.makeUnsafe(0),
  commandId: "c-1",
  nextId: () => "id-1",
}
const entered = (people: number) => new Entered({ people, id: "id-1" })

describe("Aggregate.make()", () => {
  it("is a value of contract, state, revision and snapshot rule", () => {
    const { contract, initial, revision, snapshot } = RoomAggregate
    assert.deepEqual({ contract, initial, revision, snapshot: { ...snapshot } }, {
      contract: Room,
      initial: { inside: 0 },
      revision: 3,
      snapshot: { everyEvents: 7 },
    })
  })
  it("begins at revision 1 with the default snapshot rule", () => {
    const plain = Aggregate.make(Contract.make("Bare", { commands: [], events: [] }), Schema.Int, 0).decide({}).evolve(
      {},
    )
    assert.deepEqual([plain.revision, plain.snapshot], [1, Snapshot.defaultPolicy])
  })
})

describe("decide() and fold()", () => {
  it("answer events, nothing, or a rejection of the command", () => {
    const { decide } = Aggregate
    assert.deepEqual(
      Result.getOrThrow(decide(RoomAggregate, { inside: 0 }, new Enter({ people: 2 }), context)).map((e) => ({ ...e })),
      [{ ...entered(2) }],
    )
    assert.deepEqual(Result.getOrThrow(decide(RoomAggregate, { inside: 0 }, new Leave(), context)), [])
    const full = decide(RoomAggregate, { inside: 4 }, new Enter({ people: 2 }), context)
    assert.deepEqual(Result.isFailure(full) ? full.failure.places : undefined, 1)
  })
  it("fold from the initial state or from a given one", () => {
    assert.deepEqual(Aggregate.fold(RoomAggregate, []), { inside: 0 })
    assert.deepEqual(Aggregate.fold(RoomAggregate, [entered(3), new Left()]), { inside: 2 })
    assert.deepEqual(Aggregate.fold(RoomAggregate, [entered(3)], { inside: 1 }), { inside: 4 })
    assert.deepEqual(Aggregate.evolve(RoomAggregate, { inside: 1 }, new Left()), { inside: 0 })
  })
  it.effect.prop("fold the same in one go and in two", {
    events: Arbitrary.array(Generators.event(Room)),
    cut: Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum: 10 }))),
  }, ({ events, cut }) =>
    Effect.sync(() =>
      assert.deepEqual(
        Aggregate.fold(RoomAggregate, events.slice(cut), Aggregate.fold(RoomAggregate, events.slice(0, cut))),
        Aggregate.fold(RoomAggregate, events),
      )
    ))
})
