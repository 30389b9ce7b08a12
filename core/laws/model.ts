/**
 * The law of laws: a store answers any sequence of groups as the memory store does.
 * @module
 */
import { Arbitrary, Effect, Schema } from "effect"
import { type Append, type Outcome, type Receipt, type Shape, tombstone } from "../EventStore.ts"
import * as EventStoreMemory from "../EventStoreMemory.ts"
import * as Limits from "../Limits.ts"
import { keyOf } from "../Stream.ts"
import {
  append,
  epochMs,
  fence,
  type Law,
  law,
  LawBroken,
  noop,
  readAll,
  refused,
  same,
  streamOf,
  withClock,
} from "./fixtures.ts"

/** `runs` is the count of random cases. */
export const model = (runs: number): ReadonlyArray<Law> => [
  law("commit() answers any sequence of groups as the memory store does", function* (store, tenant) {
    let run = 0
    const result = yield* Arbitrary.checkEffect(
      Arbitrary.schema(Schema.Array(Group)),
      (groups) => Effect.as(compare(store, `${tenant}.${run++}`, groups), true),
      { runs, seed: 7, size: 20 },
    )
    const failure = Arbitrary.formatCheckFailure(result)
    if (failure !== undefined) return yield* new LawBroken({ message: failure })
  }),
]

const between = (minimum: number, maximum: number) =>
  Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum, maximum })))
const Step = Schema.Struct({
  stream: between(0, 2),
  kind: Schema.Literals(["append", "append", "append", "noop", "refused", "fence", "quiet", "tombstone"]),
  count: between(1, 3),
  /** Added to the version that would fit; mostly none. */
  off: Schema.Literals([0, 0, 0, 0, 0, 0, -1, 1]),
  /** Few ids, so that some repeat. */
  command: between(0, 12),
})
const Group = Schema.Struct({
  clock: Schema.Literals([0, 1, 5, -7, 1_000, 2 * Limits.defaults.receiptTtlMs, -60_000]),
  steps: Schema.Array(Step),
})

const compare = Effect.fnUntraced(function* (store: Shape, tenant: string, groups: ReadonlyArray<typeof Group.Type>) {
  const hands = { ms: epochMs }
  const specification = yield* EventStoreMemory.make()
  const streams = ["a", "b", "c"].map((id) => streamOf(tenant, id))
  for (const { clock, steps } of groups) {
    hands.ms += clock
    const versions = yield* Effect.all(streams.map((stream) => specification.head(stream)))
    const ends = versions.map(({ version }) => version)
    const group = steps.map((step): Append => {
      const [stream, id] = [streams[step.stream]!, `c-${step.command}`]
      const version = Math.max(0, ends[step.stream]! + step.off)
      if (step.kind === "append") ends[step.stream]! += step.count
      switch (step.kind) {
        case "append":
          return append(stream, version, id, step.count)
        case "tombstone":
          return append(stream, version, id, 1, { type: tombstone.type })
        case "noop":
          return noop(stream, version, id)
        case "refused":
          return refused(stream, version, id)
        case "quiet":
          return { ...noop(stream, version, id), remember: false }
        case "fence":
          return fence(stream, version)
      }
    })
    const wanted = yield* withClock(hands)(specification.commit(group))
    const outcomes = yield* withClock(hands)(store.commit(group))
    yield* same(outcomes.map(unplaced), wanted.map(unplaced), "outcomes")
  }
  for (const stream of streams) {
    yield* same(yield* readAll(store, stream), yield* readAll(specification, stream), `events of ${keyOf(stream)}`)
    yield* same(yield* store.head(stream), yield* specification.head(stream), `head of ${keyOf(stream)}`)
    for (let i = 0; i <= 12; i++) {
      const [wanted, found] = yield* withClock(hands)(
        Effect.all([specification.receipt(stream, `c-${i}`), store.receipt(stream, `c-${i}`)]),
      )
      yield* same(found && withoutOffset(found), wanted && withoutOffset(wanted), `receipt c-${i} of ${keyOf(stream)}`)
    }
  }
})

/** Offsets are each store's own. */
const withoutOffset = ({ offset: _, ...receipt }: Receipt) => receipt
const unplaced = (outcome: Outcome): unknown => {
  if (outcome._tag === "Duplicate") return { _tag: "Duplicate", receipt: withoutOffset(outcome.receipt) }
  return outcome._tag === "Committed" ? { _tag: "Committed", head: outcome.head } : outcome
}
