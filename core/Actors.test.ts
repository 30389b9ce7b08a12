import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Schema } from "effect"
import { Command } from "../schemas/Command.ts"
import * as Contract from "../schemas/Contract.ts"
import { Rejection } from "../schemas/Rejection.ts"
import { CommandInvalid, MailboxFull } from "./ActorError.ts"
import * as Actors from "./Actors.ts"
import * as Aggregate from "./Aggregate.ts"
import { accept } from "./Decision.ts"
import * as Principal from "./Principal.ts"

class Late extends Rejection("Late", { at: Schema.DateTimeUtc }, 409) {}
class Book extends Command("Book", {
  at: Schema.DateTimeUtc,
  seats: Schema.Int.pipe(Schema.withConstructorDefault(Effect.succeed(1))),
  note: Schema.optionalKey(Schema.String),
}, [Late]) {}
class Cancel extends Command("Cancel", {}) {}
class Table extends Contract.make("Table", { commands: [Book, Cancel], events: [] }) {}
const State = Schema.Struct({ at: Schema.DateTimeUtc })
const at = Schema.decodeSync(Schema.DateTimeUtcFromMillis)(0)
const TableAggregate = Aggregate.make(Table, State, { at }).decide({
  Book: () => accept(),
  Cancel: () => accept(),
}).evolve({})

const principal = { tenant: "t", subject: "s", scopes: ["commands:Table"] }
const receipt = { commandId: "c", aggregate: "Table", id: "t-1", version: 1, events: [], position: "p" }
/** Actors that answer as told and note what they were asked. */
const played = (answers: Partial<Actors.Shape> = {}) => {
  const requests: Array<Actors.CommandRequest> = []
  const send: Actors.Shape["send"] = (request) => {
    requests.push(request)
    return answers.send?.(request) ?? Effect.succeed(receipt)
  }
  const state: Actors.Shape["state"] = answers.state ?? (() => Effect.succeed(undefined))
  const layer = Layer.merge(Layer.succeed(Actors.Actors, { send, state }), Principal.layer(principal))
  return {
    requests,
    run: <A, E>(ask: Effect.Effect<A, E, Actors.Actors | Principal.Principal>) => Effect.provide(ask, layer),
  }
}
const rejecting = (tag: string, members: unknown) =>
  played({ send: () => Effect.fail(new Actors.Rejected({ commandId: "c", tag, status: 409, members })) })

describe("Actors.ask()", () => {
  it.effect("sends the JSON form, as the principal, with the given options", () =>
    Effect.gen(function* () {
      const { run, requests } = played()
      const options = { commandId: "c-1", ifMatch: 2, notAfter: 3, correlationId: "r", causationId: "s" }
      assert.deepEqual(
        yield* run(Actors.ask(TableAggregate, "t-1").Book({ at, seats: 2, note: "n" }, options)),
        receipt,
      )
      const payload = { at: "1970-01-01T00:00:00.000Z", seats: 2, note: "n" }
      assert.deepEqual(requests, [{
        ...options,
        principal,
        aggregate: "Table",
        id: "t-1",
        command: "Book",
        payload,
      }])
    }))
  it.effect("asks by the contract alone, where the behaviour is elsewhere", () =>
    Effect.gen(function* () {
      const { run, requests } = played()
      yield* run(Actors.ask(Table, "t-1").Cancel())
      yield* run(Actors.ask(Table, "t-1").Cancel({}, { commandId: "c-1" }))
      assert.deepEqual(requests.map(({ payload, commandId }) => [payload, commandId]), [[{}, undefined], [{}, "c-1"]])
    }))
  it.effect("fills in what the command's constructor fills in", () =>
    Effect.gen(function* () {
      const { run, requests } = played()
      yield* run(Actors.ask(Table, "t-1").Book({ at }))
      assert.deepEqual(requests[0]?.payload, { at: "1970-01-01T00:00:00.000Z", seats: 1 })
    }))
  it.effect("refuses a payload that breaks the schema without sending it", () =>
    Effect.gen(function* () {
      const { run, requests } = played()
      for (const [wrong, pointer] of [[{ at, seats: 1.5 }, "/seats"], [{ at, ...{ extra: 1 } }, "/extra"]] as const) {
        const error = yield* run(Effect.flip(Actors.ask(Table, "t-1").Book(wrong)))
        assert.instanceOf(error, CommandInvalid)
        assert.deepEqual((error as CommandInvalid).issues.map((issue) => issue.pointer), [pointer])
      }
      assert.lengthOf(requests, 0)
    }))
  it.effect("fails with an instance of the rejection's class", () =>
    Effect.gen(function* () {
      const { run } = rejecting("Late", { at: "1970-01-01T00:00:00.000Z" })
      const error = yield* run(Effect.flip(Actors.ask(Table, "t-1").Book({ at })))
      assert.instanceOf(error, Late)
      assert.deepEqual((error as Late).at, at)
      const caught = yield* run(
        Actors.ask(Table, "t-1").Book({ at }).pipe(Effect.catchTag("Late", () => Effect.succeed("caught"))),
      )
      assert.strictEqual(caught, "caught")
    }))
  it.effect("dies of a rejection that the contract does not know, or cannot read", () =>
    Effect.gen(function* () {
      for (const { run } of [rejecting("Unheard", {}), rejecting("Late", { at: "never" })]) {
        const exit = yield* Effect.exit(run(Actors.ask(Table, "t-1").Book({ at })))
        assert.isTrue(Exit.hasDies(exit))
      }
    }))
  it.effect("passes the errors of the actor on", () =>
    Effect.gen(function* () {
      const { run } = played({ send: () => Effect.fail(new MailboxFull({ retryAfterSeconds: 3 })) })
      const error = yield* run(Effect.flip(Actors.ask(Table, "t-1").Cancel()))
      assert.deepEqual([error._tag, (error as MailboxFull).retryAfterSeconds], ["MailboxFull", 3])
    }))
})

describe("Actors.state()", () => {
  it.effect("is decoded, and the initial one where nothing was stored", () =>
    Effect.gen(function* () {
      assert.deepEqual(yield* played().run(Actors.state(TableAggregate, "t-1")), { version: 0, state: { at } })
      const answer = { aggregate: "Table", id: "t-1", version: 4, recordedAt: 5, position: "p" }
      const { run } = played({ state: () => Effect.succeed({ ...answer, state: { at: "1970-01-01T00:00:01.000Z" } }) })
      const later = Schema.decodeSync(Schema.DateTimeUtcFromMillis)(1_000)
      assert.deepEqual(yield* run(Actors.state(TableAggregate, "t-1")), { version: 4, state: { at: later } })
    }))
})
