/**
 * Works one shard off while its lease is held: reads ahead within a window, and remembers up to where all is done.
 * @module
 */
import { Effect, FiberSet, Latch, Result } from "effect"
import { Limits } from "../../core/Limits.ts"
import type { Batch, Item, ShardLog } from "../../core/ShardLog.ts"
import { backoff } from "./backoff.ts"
import { checkpointAt } from "./shares.ts"

/** A shard in the hands of this process. */
export interface Held {
  readonly shard: string
  /** Look right before anything new is begun that others would see; what was begun ends within `Limits.leaseMs` / 3. */
  readonly isHeld: () => boolean
}

export interface Work<A> {
  /** Whose work it is: `router`, or the consumer's. */
  readonly name: string
  readonly log: ShardLog<A>
  /** Where a shard begins that nobody has worked on; at its oldest where there is nothing. */
  readonly from: (shard: string) => Effect.Effect<string | undefined>
  /**
   * Done once the effects of these items are kept for good. Begun in order: the next one once this one has called `taken`, or
   * is done; and before earlier ones are done, as far as `Limits.shardWindow` and `shardWindowBytes` go. Interrupted when the
   * lease is lost. Must not fail: it tries again by itself.
   */
  readonly work: (held: Held, items: ReadonlyArray<Item<A>>, taken: () => void) => Effect.Effect<void>
  /** Done once what was lost has been made good; the shard is read on meanwhile, from its oldest. */
  readonly onTrimmed: (held: Held) => Effect.Effect<void>
  /** What an item takes in memory; as much as nothing where absent. */
  readonly bytesOf?: (value: A) => number
  /** Told of every read, empty ones too. */
  readonly onRead?: (held: Held, batch: Batch<A>) => void
}

export interface Reader {
  /** What may be written down now; nothing before anything was done. */
  readonly checkpoint: () => string | undefined
  /** Returns at the end of the shard, or once it is gone. */
  readonly run: (held: Held) => Effect.Effect<"ended" | "gone">
}

/** Something under way; `behind` is the position that its being done allows. */
interface Step {
  readonly items: number
  readonly bytes: number
  behind: string | undefined
  isDone: boolean
}

/** Reads on behind `position`. */
export const make = <A>(work: Work<A>, position: string | undefined): Reader => {
  const { log, name } = work
  const steps: Array<Step> = []
  const moved = Latch.makeUnsafe(true)
  let [waiting, waitingBytes, checkpoint] = [0, 0, undefined as string | undefined]

  /** Where one step waits for days, those that are done behind it must take no room. */
  const join = (step: Step) => {
    const at = steps.indexOf(step)
    const [before, next] = [steps[at - 1], steps[at + 1]]
    if (next?.isDone) step.behind = steps.splice(at + 1, 1)[0]!.behind ?? step.behind
    if (before?.isDone) before.behind = steps.splice(at, 1)[0]!.behind ?? before.behind
  }
  const settle = () => {
    for (let first = steps[0]; first?.isDone; first = steps[0]) {
      steps.shift()
      if (first.behind !== undefined) checkpoint = checkpointAt(first.behind)
    }
    moved.openUnsafe()
  }
  /** Nothing came: where a stream is stuck for days, empty reads must take no room. */
  const pass = (behind: string) => {
    const last = steps.at(-1)
    if (last === undefined) checkpoint = checkpointAt(behind)
    else last.behind = behind
  }
  const until = (isSo: () => boolean): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (isSo()) return Effect.void
      moved.closeUnsafe()
      return Effect.andThen(moved.await, until(isSo))
    })

  const read = Effect.fnUntraced(
    function* (held: Held, begin: (effect: Effect.Effect<void>) => Effect.Effect<unknown>) {
      const { routeBackoffMaxMs, routeBackoffMs, shardPage, shardPollMs, shardWindow, shardWindowBytes } = yield* Limits
      const { shard } = held
      const page = Math.max(1, Math.min(shardPage, shardWindow))
      let after = position ?? (yield* work.from(shard))
      let failures = 0
      const { bytesOf = () => 0 } = work
      const step = (
        items: ReadonlyArray<Item<A>>,
        behind: string | undefined,
        effect: (taken: () => void) => Effect.Effect<void>,
      ) => {
        const bytes = items.reduce((sum, { value }) => sum + bytesOf(value), 0)
        const step: Step = { items: items.length, bytes, behind, isDone: false }
        steps.push(step)
        waiting += items.length
        waitingBytes += bytes
        const taken = Latch.makeUnsafe()
        const take = () => void taken.openUnsafe()
        const done = Effect.sync(() => {
          step.isDone = true
          join(step)
          waiting -= items.length
          waitingBytes -= bytes
          settle()
        })
        // A fiber that was begun may still let another one in front of its first step.
        return Effect.andThen(
          begin(Effect.ensuring(Effect.andThen(effect(take), done), Effect.sync(take))),
          taken.await,
        )
      }

      while (true) {
        yield* until(() => waiting + page <= Math.max(page, shardWindow) && waitingBytes < shardWindowBytes)
        const answer = yield* Effect.result(log.read(shard, after, page))
        if (Result.isFailure(answer)) {
          const { failure } = answer
          failures++
          if (failure._tag === "Trimmed") {
            yield* Effect.logWarning("a shard's history was trimmed before it was read").pipe(
              Effect.annotateLogs({ name, shard }),
            )
            yield* step([], undefined, (taken) => Effect.suspend(() => (taken(), work.onTrimmed(held))))
            const shards = yield* Effect.option(log.shards)
            if (shards._tag === "Some" && !shards.value.some(({ id }) => id === shard)) {
              yield* until(() => steps.length === 0)
              return "gone" as const
            }
            after = undefined
          } else if (failures === 1) {
            yield* Effect.logWarning("a shard cannot be read").pipe(
              Effect.annotateLogs({ name, shard, reason: failure.reason }),
            )
          }
          yield* backoff(failures, routeBackoffMs, routeBackoffMaxMs)
          continue
        }
        failures = 0
        const batch = answer.success
        after = batch.next
        work.onRead?.(held, batch)
        if (batch.items.length === 0) pass(batch.next)
        else yield* step(batch.items, batch.next, (taken) => work.work(held, batch.items, taken))
        if (batch.isEnd) {
          yield* until(() => steps.length === 0)
          return "ended" as const
        }
        const isBehind = batch.items.length >= page || (batch.behindMs ?? 0) > shardPollMs
        yield* isBehind ? Effect.yieldNow : log.wait(shardPollMs)
      }
    },
  )

  return {
    checkpoint: () => checkpoint,
    run: (held) =>
      Effect.scoped(Effect.gen(function* () {
        const set = yield* FiberSet.make<void, never>()
        // A defect in the work ends the reading; the lease is given back, and the shard is taken up anew.
        return yield* Effect.raceFirst(
          read(held, (effect) => FiberSet.run(set, effect)),
          Effect.andThen(FiberSet.join(set), Effect.never),
        )
      })),
  }
}
