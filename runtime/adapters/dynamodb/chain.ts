/**
 * The appends of one stream in one group: as few requests as can hold them, and an exact outcome for each.
 *
 * Consecutive appends share a transaction. Where it is refused, what stood in the way says which of them is to blame: those
 * before it are sent again without it, those behind it were decided on what it would have stored.
 * @module
 */
import type { Append, Outcome } from "../../../core/EventStore.ts"
import type { Written } from "./calls.ts"
import { Failed } from "./faults.ts"
import * as items from "./items.ts"
import * as plans from "./plan.ts"
import { headAt, type Store } from "./store.ts"
import * as verdicts from "./verdicts.ts"

/** Writes what a plan says; where it has nothing to write, reads what has to be absent. */
const send = async ({ calls }: Store, { parts, writes }: plans.Plan, signal: AbortSignal): Promise<Written> => {
  if (writes.length > 0) return calls.write(writes, signal)
  const found = await Promise.all(parts.map(({ Key, TableName }) => calls.get(TableName, Key, signal)))
  return found.every((item) => item === undefined) ? { _tag: "Done" } : { _tag: "Refused", found, again: false }
}

/** One outcome per append, in order. Throws what is a bug. `now` gives the milliseconds of events. */
export const commit = async (
  store: Store,
  chain: ReadonlyArray<Append>,
  now: () => number,
  signal: AbortSignal,
): Promise<ReadonlyArray<Outcome>> => {
  const key = items.keyOf(chain[0]!.stream)
  const outcomes: Array<Outcome> = []
  let underWay: plans.Plan | undefined
  try {
    const repeats = await verdicts.repeatsOf(store, key, chain, signal)
    let head = await headAt(store, key, chain[0]!.expected.version, signal)
    const refuse = (seen: Partial<verdicts.Seen>) =>
      verdicts.refuse(
        ...[store, key, chain, outcomes.length] as const,
        { repeats, aliveSince: now() - store.receiptTtlMs, ...seen },
        signal,
      )
    if (head === undefined) return await refuse({})
    while (outcomes.length < chain.length) {
      const from = outcomes.length
      const until = Math.min(chain.length, ...[...repeats.keys()].filter((i) => i >= from))
      const at = now()
      const plan = plans.make(store, chain, from, until, head, at)
      // A repeat, a version that does not follow, a closed stream.
      if (plan.end === from) return [...outcomes, ...await refuse({ head })]
      underWay = plan
      const written = await send(store, plan, signal)
      underWay = undefined
      const { moved, receipts } = plans.blame(
        plan,
        written._tag === "Done" ? [] : written.found,
        at - store.receiptTtlMs,
      )
      // A receipt that is read may have expired; one that a condition refused has not.
      const isFree = written._tag === "Done" || (plan.writes.length === 0 && !moved && receipts.size === 0)
      if (isFree || (written.again && plans.isWritten(plan, chain, written.found))) {
        outcomes.push(...plan.heads.map((head): Outcome => ({ _tag: "Committed", head, offset: undefined })))
        head = plan.heads.at(-1)!
        if (head.version > 0) store.heads.learn(key, head)
        continue
      }
      if (!moved && receipts.size === 0) throw new Error("a condition failed on nothing")
      for (const [i, receipt] of receipts) repeats.set(i, receipt)
      if (moved) return [...outcomes, ...await refuse({ refused: { plan, found: written.found } })]
      // Receipts alone stood in the way: what comes before the first of them goes in without it.
    }
    return outcomes
  } catch (error) {
    if (!(error instanceof Failed)) throw error
    return verdicts.unanswered(chain, outcomes, underWay, error)
  }
}
