/**
 * The appends of one stream in one group: as few requests as can hold them, and an exact outcome for each.
 *
 * Consecutive appends share a transaction. Where it is refused, what stood in the way says which of them is to blame; those
 * before it are sent again without it, those behind it were decided on what it would have stored.
 * @module
 */
import { Effect } from "effect"
import { Again, type Append, type Outcome } from "../../../core/EventStore.ts"
import type { Failed } from "../aws/Failed.ts"
import type { Asked, Written } from "./calls.ts"
import * as items from "./items.ts"
import * as plans from "./plan.ts"
import { headAt, type Store } from "./store.ts"
import * as verdicts from "./verdicts.ts"

/** Writes what a plan says; where it has nothing to write, reads what has to be absent. */
const send = ({ calls }: Store, plan: plans.Plan): Asked<Written> => {
  if (plan.writes.length > 0) return calls.write(plan.writes, plan.isRepeat)
  return Effect.map(
    Effect.forEach(plan.parts, calls.get, { concurrency: "unbounded" }),
    (found): Written =>
      found.every((item) => item === undefined) ? { _tag: "Done" } : { _tag: "Refused", found, again: false },
  )
}

/** What is known of a chain on its way. */
interface Way {
  readonly outcomes: Array<Outcome>
  /** What its request holds may be stored where the answer is lost. */
  underWay: plans.Plan | undefined
}

const go = Effect.fnUntraced(function* (
  store: Store,
  chain: ReadonlyArray<Append>,
  now: () => number,
  way: Way,
): Effect.fn.Return<ReadonlyArray<Outcome>, Failed> {
  const key = items.keyOf(chain[0]!.stream)
  const { outcomes } = way
  const repeats = yield* verdicts.repeatsOf(store, key, chain)
  const isRepeat = plans.isAgain(chain)
  let head = yield* Effect.provideService(headAt(store, key, chain[0]!.expected.version), Again, isRepeat)
  const refuse = (seen: Partial<verdicts.Seen>) =>
    Effect.map(
      verdicts.refuse(
        ...[store, key, chain, outcomes.length] as const,
        { repeats, aliveSince: now() - store.receiptTtlMs, ...seen },
      ),
      (more) => [...outcomes, ...more],
    )
  if (head === undefined) return yield* refuse({})
  let overExpired = false
  while (outcomes.length < chain.length) {
    const from = outcomes.length
    const until = Math.min(chain.length, ...[...repeats.keys()].filter((i) => i >= from))
    const at = now()
    const plan = plans.make(store, chain, from, until, head, { ms: at, wallMs: store.calls.wallMs() }, overExpired)
    // A repeat, a version that does not follow, a closed stream.
    if (plan.end === from) return yield* refuse({ head })
    way.underWay = plan
    const written = yield* send(store, plan)
    way.underWay = undefined
    const found = written._tag === "Done" ? [] : written.found
    const { moved, receipts } = plans.blame(plan, found, at - store.receiptTtlMs)
    // A receipt that is read may have expired; one that a condition refused has not.
    const isFree = written._tag === "Done" || (plan.writes.length === 0 && !moved && receipts.size === 0)
    if (isFree || (written.again && plans.isWritten(plan, chain, found))) {
      outcomes.push(...plan.heads.map((head): Outcome => ({ _tag: "Committed", head, offset: undefined })))
      head = plan.heads.at(-1)!
      if (head.version > 0) store.heads.learn(key, head)
      continue
    }
    for (const [i, receipt] of receipts) repeats.set(i, receipt)
    if (moved) return yield* refuse({ refused: { plan, found } })
    // Receipts alone stood in the way: what comes before the first of them goes in without it, and over expired ones.
    if (receipts.size > 0) continue
    if (overExpired) return yield* Effect.die(new Error("a condition failed on nothing"))
    overExpired = true
  }
  return outcomes
})

/** One outcome per append, in order; dies of what is a bug. `now` gives the milliseconds of events. */
export const commit = (
  store: Store,
  chain: ReadonlyArray<Append>,
  now: () => number,
): Effect.Effect<ReadonlyArray<Outcome>> =>
  Effect.suspend(() => {
    const way: Way = { outcomes: [], underWay: undefined }
    return Effect.catch(
      go(store, chain, now, way),
      (failed) => Effect.succeed(verdicts.unanswered(chain, way.outcomes, way.underWay, failed)),
    )
  })
