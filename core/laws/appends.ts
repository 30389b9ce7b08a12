/**
 * Laws of `commit`: one winner per version, contiguous versions, all or nothing, chains, fences, tombstones.
 * @module
 */
import { Effect, Exit } from "effect"
import { type Append, tombstone } from "../EventStore.ts"
import * as Limits from "../Limits.ts"
import { empty } from "../Stream.ts"
import {
  append,
  commitOne,
  epochMs,
  event,
  fence,
  holds,
  type Law,
  law,
  noop,
  readAll,
  refused,
  same,
  stored,
  streamOf,
  tags,
  withClock,
} from "./fixtures.ts"

export const appends: ReadonlyArray<Law> = [
  law("commit() lets exactly one of 64 rivals win", function* (store, tenant) {
    const stream = streamOf(tenant, "contested")
    const outcomes = yield* Effect.all(
      Array.from({ length: 64 }, (_, i) => commitOne(store, append(stream, 0, `rival-${i}`))),
      { concurrency: "unbounded" },
    )
    const winners = outcomes.flatMap(({ _tag }, i) => _tag === "Committed" ? [`rival-${i}`] : [])
    yield* holds(winners.length === 1, `${winners.length} of 64 rivals won`)
    yield* same(tags(outcomes).filter((tag) => tag === "Conflict").length, 63, "losers")
    yield* same((yield* readAll(store, stream)).map(({ commandId }) => commandId), winners, "who is stored")
  }),

  law("commit() lets exactly one rival of a group win", function* (store, tenant) {
    const stream = streamOf(tenant, "contested")
    const outcomes = yield* store.commit(Array.from({ length: 16 }, (_, i) => append(stream, 0, `rival-${i}`)))
    yield* same(tags(outcomes), ["Committed", ...Array(15).fill("Conflict")], "outcomes")
    yield* same((yield* store.head(stream)).version, 1, "head")
  }),

  law("commit() refuses gaps and versions that are taken", function* (store, tenant) {
    const stream = streamOf(tenant, "gaps")
    yield* same((yield* commitOne(store, append(stream, 1, "early")))._tag, "Conflict", "beyond an empty stream")
    yield* stored(store, append(stream, 0, "first", 3))
    for (const version of [0, 1, 2, 4, 5, 100]) {
      const outcome = yield* commitOne(store, append(stream, version, `at-${version}`))
      yield* same(outcome, { _tag: "Conflict" }, `an append at ${version} of 3`)
    }
    yield* stored(store, append(stream, 3, "second", 2))
    const versions = (yield* readAll(store, stream)).map(({ version }) => version)
    yield* same(versions, [1, 2, 3, 4, 5], "versions")
  }),

  law("commit() stores all events of an append or none", function* (store, tenant) {
    const stream = streamOf(tenant, "atomic")
    const outcome = yield* stored(store, append(stream, 0, "three", 3))
    const events = yield* readAll(store, stream)
    yield* same(events.map(({ eventId }) => eventId), ["three.0", "three.1", "three.2"], "events")
    yield* same(new Set(events.map(({ recordedAt }) => recordedAt)).size, 1, "times of one command")
    yield* same(outcome.head, yield* store.head(stream), "the outcome's head")
    yield* same(outcome.head, { version: 3, recordedAt: events[0]!.recordedAt, closed: false }, "head")
    for (const version of [1, 2, 4]) yield* commitOne(store, append(stream, version, `part-${version}`, 3))
    yield* same(yield* readAll(store, stream), events, "events after refused appends")
  }),

  law("commit() fails one append of a group without its neighbours", function* (store, tenant) {
    const streams = ["a", "b", "c"].map((id) => streamOf(tenant, id))
    yield* stored(store, append(streams[1]!, 0, "before"))
    const outcomes = yield* store.commit(streams.map((stream) => append(stream, 0, "command", 2)))
    yield* same(tags(outcomes), ["Committed", "Conflict", "Committed"], "outcomes")
    const heads = yield* Effect.all(streams.map((stream) => store.head(stream)))
    yield* same(heads.map(({ version }) => version), [2, 1, 2], "heads")
  }),

  law("commit() takes a chain of appends to one stream", function* (store, tenant) {
    const [stream, other] = [streamOf(tenant, "chain"), streamOf(tenant, "other")]
    const outcomes = yield* store.commit([
      append(stream, 0, "one"),
      append(other, 0, "one"),
      fence(stream, 1),
      append(stream, 1, "two", 2),
      noop(stream, 3, "three"),
      append(stream, 3, "four"),
    ])
    yield* same(tags(outcomes), Array(6).fill("Committed"), "outcomes")
    const commands = (yield* readAll(store, stream)).map(({ commandId }) => commandId)
    yield* same(commands, ["one", "two", "two", "four"], "commands")
  }),

  law("commit() breaks a chain behind its first failure", function* (store, tenant) {
    for (const [name, failing] of Object.entries({ append, noop, refused, fence } as const)) {
      const [stream, other] = [streamOf(tenant, name), streamOf(tenant, `${name}-other`)]
      yield* stored(store, append(stream, 0, "before"))
      const outcomes = yield* store.commit([
        failing(stream, 7, "stale"),
        append(stream, 1, "fits"),
        append(other, 0, "fits"),
        fence(stream, 1),
        noop(stream, 1, "noop"),
      ])
      yield* same(tags(outcomes), ["Conflict", "Conflict", "Committed", "Conflict", "Conflict"], name)
      yield* same((yield* store.head(stream)).version, 1, `head behind a failed ${name}`)
      yield* same(yield* store.receipt(stream, "noop"), undefined, "the receipt of a broken chain")
      const again = yield* commitOne(store, append(stream, 1, "fits"))
      yield* same(again._tag, "Committed", "the chain is whole in the next group")
    }
  }),

  law("commit() confirms a fence or answers Conflict, and stores nothing", function* (store, tenant) {
    const stream = streamOf(tenant, "fenced")
    yield* same((yield* stored(store, fence(stream, 0))).head, empty, "the empty stream's head")
    const { head } = yield* stored(store, append(stream, 0, "first", 2))
    yield* same((yield* stored(store, fence(stream, 2))).head, head, "the head of a read")
    const quiet: Append = { ...noop(stream, 2, "quiet"), remember: false }
    yield* same((yield* stored(store, quiet)).head, head, "the head of an answer that is not remembered")
    for (const stale of [fence(stream, 1), fence(stream, 3), noop(stream, 1, "n"), refused(stream, 3, "r")]) {
      yield* same(yield* commitOne(store, stale), { _tag: "Conflict" }, `a fence at ${stale.expected.version} of 2`)
    }
    for (const id of ["n", "r", "quiet"]) yield* same(yield* store.receipt(stream, id), undefined, `receipt of ${id}`)
    yield* same(yield* store.head(stream), head, "head")
  }),

  law("commit() closes a stream with a tombstone and keeps its history", function* (store, tenant) {
    const stream = streamOf(tenant, "closing")
    yield* stored(store, append(stream, 0, "first", 2))
    const closing = append(stream, 2, "close", 1, { type: tombstone.type })
    const outcomes = yield* store.commit([closing, fence(stream, 3), append(stream, 3, "late")])
    yield* same(tags(outcomes), ["Committed", "Committed", "Closed"], "outcomes of the closing group")
    const head = yield* store.head(stream)
    yield* holds(head.closed && head.version === 3, "the head does not say that the stream is closed")
    for (
      const late of [append(stream, 3, "a"), append(stream, 0, "b"), noop(stream, 3, "c"), refused(stream, 3, "d")]
    ) {
      yield* same(yield* commitOne(store, late), { _tag: "Closed" }, "a command on a closed stream")
      yield* same(yield* store.receipt(stream, late.command!.commandId), undefined, "its receipt")
    }
    yield* same((yield* stored(store, fence(stream, 3))).head, head, "a read of a closed stream")
    yield* same((yield* commitOne(store, fence(stream, 2)))._tag, "Conflict", "a stale read of a closed stream")
    const types = (yield* readAll(store, stream)).map(({ type }) => type)
    yield* same(types, ["Noted", "Noted", tombstone.type], "history")
  }),

  law("commit() never lets recordedAt fall when the clock goes back", function* (store, tenant) {
    const hands = { ms: epochMs }
    const [stream, other] = [streamOf(tenant, "times"), streamOf(tenant, "later")]
    const at = (ms: number, ...group: ReadonlyArray<Append>) => {
      hands.ms = ms
      return store.commit(group).pipe(withClock(hands))
    }
    yield* at(epochMs + 5_000.75, append(stream, 0, "one"))
    yield* at(epochMs - 3_600_000, append(stream, 1, "two", 2), append(other, 0, "one"), append(stream, 3, "three"))
    yield* at(epochMs + 5_001, append(stream, 4, "four"))
    const times = (yield* readAll(store, stream)).map(({ recordedAt }) => recordedAt - epochMs)
    yield* same(times, [5_000, 5_000, 5_000, 5_000, 5_001], "times")
    yield* same((yield* store.head(stream)).recordedAt, epochMs + 5_001, "head")
    yield* same((yield* store.head(other)).recordedAt, epochMs - 3_600_000, "the time of another stream")
  }),

  law("commit() dies of a sender's mistake and stores nothing", function* (store, tenant) {
    const stream = streamOf(tenant, "mistakes")
    const good = append(stream, 0, "good")
    const { appends, bytes } = store.appendMax
    const large = { ...good, events: [event("large", { payload: `"${"x".repeat(bytes)}"` })] }
    const groups: { readonly [mistake: string]: ReadonlyArray<Append> } = {
      "too many appends": Array.from({ length: appends + 1 }, (_, i) => append(stream, i, `c-${i}`)),
      "too many bytes": [good, large],
      "events without a command": [good, { ...append(stream, 1, "c"), command: undefined }],
      "a refusal beside events": [good, { ...append(stream, 1, "c"), refusal: refused(stream, 1, "c").refusal }],
      "a refusal that is not remembered": [good, { ...refused(stream, 1, "c"), remember: false }],
      "a receipt without a command": [good, { ...noop(stream, 1, "c"), command: undefined }],
    }
    for (const [mistake, group] of Object.entries(groups)) {
      const exit = yield* Effect.exit(store.commit(group))
      const died = Exit.isFailure(exit) && exit.cause.reasons.every(({ _tag }) => _tag === "Die")
      yield* holds(died, `${mistake} is not a defect`)
      yield* same(yield* store.head(stream), empty, `head after ${mistake}`)
    }
  }),

  law(
    "commit() takes a full group, one large event, one large append and many large refusals",
    function* (store, tenant) {
      const full = Array.from({ length: store.appendMax.appends }, (_, i) => append(streamOf(tenant, `s-${i}`), 0, "c"))
      yield* same(new Set(tags(yield* store.commit(full))), new Set(["Committed"]), "a full group")
      yield* same(yield* store.commit([]), [], "an empty group")
      const stream = streamOf(tenant, "large")
      const { eventBytes, appendBytes } = Limits.defaults
      const payloads = ["{}", sized(eventBytes), ...Array<string>(9).fill(sized(Math.floor(appendBytes / 11)))]
      const events = payloads.map((payload, i) => event(`large-${i}`, { payload }))
      yield* stored(store, { ...append(stream, 0, "large"), events })
      const kept = (yield* readAll(store, stream)).map(({ payload }) => payload)
      yield* holds(kept.every((payload, i) => payload === payloads[i]), "a large payload was changed")
      const members = sized(Limits.defaults.rejectionBytes).replaceAll("xx", `\\"`)
      const refusals = Array.from({ length: 60 }, (_, i): Append => {
        const one = refused(stream, events.length, `large-${i}`)
        return { ...one, refusal: { ...one.refusal!, members } }
      })
      yield* same(new Set(tags(yield* store.commit(refusals))), new Set(["Committed"]), "large refusals")
      const receipt = yield* store.receipt(stream, "large-59")
      yield* holds(receipt?.refusal?.members === members, "a large refusal was changed")
    },
  ),
]

/** A JSON object of so many bytes. */
const sized = (bytes: number): string => `{"of":"${"x".repeat(bytes - 9)}"}`
