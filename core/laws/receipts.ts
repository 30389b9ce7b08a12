/**
 * Laws of receipts: a command that was answered once is answered the same again, and never stored twice.
 * @module
 */
import { Effect } from "effect"
import { type Append, tombstone } from "../EventStore.ts"
import * as Limits from "../Limits.ts"
import {
  append,
  commitOne,
  epochMs,
  fence,
  type Law,
  law,
  noop,
  readAll,
  refused,
  repeated,
  same,
  sold,
  stored,
  streamOf,
  tags,
  withClock,
} from "./fixtures.ts"

export const receipts: ReadonlyArray<Law> = [
  law("receipt() gives the outcome of every kind of command", function* (store, tenant) {
    const stream = streamOf(tenant, "kinds")
    const accepted = yield* stored(store, append(stream, 0, "accepted", 2))
    yield* stored(store, noop(stream, 2, "noop"))
    yield* stored(store, refused(stream, 2, "refused"))
    const events = [{ eventId: "accepted.0", type: "Noted", version: 1 }, {
      eventId: "accepted.1",
      type: "Noted",
      version: 2,
    }]
    const receipt = (commandId: string) => ({
      commandId,
      fingerprint: `fingerprint of ${commandId}`,
      version: 2,
      events: [],
    })
    const { offset } = accepted
    yield* same(yield* store.receipt(stream, "accepted"), { ...receipt("accepted"), events, offset }, "accepted")
    yield* same(yield* store.receipt(stream, "noop"), receipt("noop"), "noop")
    yield* same(yield* store.receipt(stream, "refused"), { ...receipt("refused"), refusal: sold }, "refused")
    yield* same(yield* store.receipt(stream, "unknown"), undefined, "unknown")
    yield* same(yield* store.receipt(streamOf(tenant, "absent"), "accepted"), undefined, "of an absent stream")
  }),

  law("commit() answers a repeat with its receipt, wherever the stream is now", function* (store, tenant) {
    const stream = streamOf(tenant, "repeats")
    const first = [append(stream, 0, "accepted", 2), noop(stream, 2, "noop"), refused(stream, 2, "refused")]
    yield* same(tags(yield* store.commit(first)), Array(3).fill("Committed"), "first answers")
    yield* stored(store, append(stream, 2, "later"))
    yield* stored(store, append(stream, 3, "close", 1, { type: tombstone.type }))
    const before = yield* readAll(store, stream)
    for (const again of first) {
      const { commandId } = again.command!
      const receipt = yield* store.receipt(stream, commandId)
      for (const version of [again.expected.version, 3, 4, 9]) {
        const repeat = { ...again, expected: { ...again.expected, version } }
        yield* same(yield* repeated(store, repeat), receipt, `${commandId} repeated at ${version}`)
      }
      const other: Append = { ...append(stream, 4, commandId, 1), remember: true }
      yield* same(yield* repeated(store, other), receipt, `${commandId} with another outcome`)
      const quiet: Append = { ...noop(stream, 0, commandId), remember: false }
      yield* same(yield* repeated(store, quiet), receipt, `${commandId} asked for, remembering nothing`)
    }
    yield* same(yield* readAll(store, stream), before, "events after the repeats")
  }),

  law("commit() stores one command id once in each stream", function* (store, tenant) {
    const streams = [streamOf(tenant, "a"), streamOf(tenant, "b"), streamOf(tenant, "a", "Cart")]
    for (const [i, stream] of streams.entries()) {
      yield* stored(store, append(stream, 0, "same", i + 1))
      yield* stored(store, noop(stream, i + 1, "same-noop"))
    }
    for (const [i, stream] of streams.entries()) {
      yield* same((yield* repeated(store, append(stream, i + 1, "same"))).version, i + 1, "accepted")
      yield* same((yield* repeated(store, noop(stream, i + 1, "same-noop"))).version, i + 1, "no-op")
      yield* same((yield* store.head(stream)).version, i + 1, "head")
    }
  }),

  law("commit() stores one command id once in a group", function* (store, tenant) {
    // Ids of the second kind look like keys under which a store has an unknown outcome asked for, all of one version.
    const keys = [7, 8].map((n) => `01890a5d-ac96-774b-bcce-b302099a805${n}.1`)
    for (const [i, [one, next]] of [["one", "next"] as const, [keys[0]!, keys[1]!] as const].entries()) {
      const stream = streamOf(tenant, `twice-${i}`)
      const outcomes = yield* store.commit([append(stream, 0, one), append(stream, 1, one), append(stream, 1, next)])
      yield* same(tags(outcomes), ["Committed", "Duplicate", "Conflict"], `outcomes of ${one}`)
      const passing = yield* store.commit([noop(stream, 1, `${next}0`), refused(stream, 1, `${next}0`)])
      yield* same(tags(passing), ["Committed", "Duplicate"], "outcomes of a no-op")
      yield* same((yield* store.head(stream)).version, 1, "head")
    }
  }),

  law("commit() answers a group sent again as it is, given ids or not", function* (store, tenant) {
    for (const given of [true, false]) {
      const [stream, closed] = [streamOf(tenant, `again-${given}`), streamOf(tenant, `closed-${given}`)]
      const group = [
        append(stream, 0, "one", 2, { given }),
        append(stream, 2, "two", 1, { given }),
        append(closed, 0, "close", 1, { given, type: tombstone.type }),
      ]
      const first = yield* store.commit(group)
      yield* same(tags(first), Array(3).fill("Committed"), "the first answers")
      const events = yield* readAll(store, stream)
      const second = yield* store.commit(group)
      yield* same(tags(second), Array(3).fill("Duplicate"), `the second answers, given: ${given}`)
      const third = yield* store.commit([...group, append(stream, 3, "three", 1, { given })])
      yield* same(tags(third), [...Array(3).fill("Duplicate"), "Conflict"], "a repeat breaks the chain")
      yield* same(yield* readAll(store, stream), events, "events")
    }
  }),

  law("commit() keeps one receipt of a refusal sent again under a generated id", function* (store, tenant) {
    const stream = streamOf(tenant, "generated")
    for (const one of [noop(stream, 0, "noop"), refused(stream, 0, "refused")]) {
      const generated: Append = { ...one, command: { ...one.command!, given: false } }
      yield* stored(store, generated)
      const receipt = yield* store.receipt(stream, generated.command!.commandId)
      yield* same(yield* repeated(store, generated), receipt, "a repeat")
      yield* same(yield* store.receipt(stream, generated.command!.commandId), receipt, "receipt")
    }
  }),

  law("commit() leaves no receipt of what it refused", function* (store, tenant) {
    const stream = streamOf(tenant, "traceless")
    yield* same((yield* commitOne(store, append(stream, 3, "c")))._tag, "Conflict", "a stale append")
    yield* same(yield* store.receipt(stream, "c"), undefined, "its receipt")
    yield* same((yield* stored(store, append(stream, 0, "c"))).head.version, 1, "the command decided again")
    yield* same((yield* stored(store, fence(stream, 1))).head.version, 1, "a read")
    yield* same(yield* store.receipt(stream, ""), undefined, "the receipt of a read")
  }),

  law("receipt() forgets refusals and no-ops after their time, accepted commands never", function* (store, tenant) {
    const ttl = Limits.defaults.receiptTtlMs
    const hands = { ms: epochMs }
    const at = <A, E>(ms: number, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.suspend(() => {
        hands.ms = epochMs + ms
        return withClock(hands)(effect)
      })
    const stream = streamOf(tenant, "forgetful")
    const [yes, no, nothing] = [append(stream, 0, "yes"), refused(stream, 1, "no"), noop(stream, 1, "nothing")]
    yield* at(0, store.commit([yes, no, nothing]))
    for (const known of [no, nothing, yes]) yield* at(ttl, repeated(store, known))
    for (const { command } of [no, nothing]) {
      yield* same(yield* at(ttl + 1, store.receipt(stream, command!.commandId)), undefined, "an expired receipt")
    }
    yield* at(ttl + 1, repeated(store, yes))
    // The id is free again: for another outcome of the same kind, and for an acceptance.
    yield* at(ttl + 1, stored(store, refused(stream, 1, "no")))
    yield* at(ttl + 1, stored(store, append(stream, 1, "nothing")))
    yield* same((yield* at(2 * ttl + 1, repeated(store, no))).refusal, sold, "the second refusal")
    yield* same((yield* at(9 * ttl, repeated(store, nothing))).events.length, 1, "the acceptance")
    yield* same(yield* at(2 * ttl + 2, store.receipt(stream, "no")), undefined, "the second refusal, expired")
  }),
]
