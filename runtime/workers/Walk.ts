/**
 * A consumer's walk through all streams of the store: each is brought up to its head as it was listed.
 *
 * A stream that must wait is left aside and tried again and again, and the others go on; the walk is over once none is left.
 * A process that dies has forgotten who waits: so nothing that stands for a walk may be kept before it is over.
 * @module
 */
import { Effect, Latch } from "effect"
import type { Shape as Feed, StreamHead } from "../../core/ChangeFeed.ts"
import type { Any } from "../../core/Consumer.ts"
import { Limits } from "../../core/Limits.ts"
import { keyOf } from "../../core/Stream.ts"
import { backoff, backoffMs } from "./backoff.ts"
import type { CoreConsumer } from "./CoreConsumer.ts"
import { persist } from "./persist.ts"
import type { Routes } from "./routes.ts"
import * as Shared from "./Shared.ts"

export interface Deps {
  readonly consumer: Any
  readonly feed: Pick<Feed, "heads">
  readonly core: Pick<CoreConsumer, "walk">
}

export interface Walk {
  /**
   * Done once every stream of the contract is done that was there when it was called, and every other that was left aside.
   * `isHeld` as of `Held`; `at` is told how far all is done. Calls at about the same time share their looks, so `from` and
   * `at` are for one that is alone.
   */
  readonly run: (isHeld: () => boolean, from?: string, at?: (cursor: string) => void) => Effect.Effect<void>
}

/**
 * `routes` as of `CoreConsumer.walk`; `before` is in front of every look. At most `shardWindow` streams are left aside; one
 * more keeps its page waiting.
 */
export const make = ({ consumer, core, feed }: Deps, routes: () => Routes, before: Effect.Effect<void>): Walk => {
  const [passes, rounds] = [Shared.make(), Shared.make()]
  const left = new Map<string, StreamHead>()

  const bring = Effect.fnUntraced(function* (head: StreamHead, isHeld: () => boolean) {
    const { handlerBackoffMaxMs, handlerBackoffMs, shardWindow } = yield* Limits
    const key = keyOf(head.stream)
    for (let failures = 1; !(yield* core.walk(head, routes(), isHeld)); failures++) {
      if (left.has(key) || left.size < shardWindow) return void left.set(key, head)
      yield* backoff(failures, handlerBackoffMs, handlerBackoffMaxMs)
    }
  })

  const pass = Effect.fnUntraced(function* (
    isHeld: () => boolean,
    from: string | undefined,
    at: (cursor: string) => void,
  ) {
    const { handlers, page } = yield* Limits
    yield* before
    let cursor = from
    do {
      // A cursor that the store does not know any more is a walk from the start: marks tell what is done.
      const listed = yield* persist(
        Effect.catchTag(feed.heads(cursor, page), "BadCursor", () => feed.heads(undefined, page)).pipe(
          Effect.catchTag("BadCursor", (error) => Effect.die(error)),
        ),
      )
      const mine = listed.items.filter(({ stream }) => stream.aggregate === consumer.contract.aggregate)
      yield* Effect.forEach(mine, (head) => bring(head, isHeld), { concurrency: handlers, discard: true })
      cursor = listed.cursor
      if (cursor !== undefined && left.size === 0) at(cursor)
    } while (cursor !== undefined)
  })

  const round = Effect.fnUntraced(function* (isHeld: () => boolean) {
    const { handlers } = yield* Limits
    yield* Effect.forEach([...left], ([key, head]) =>
      Effect.map(core.walk(head, routes(), isHeld), (isDone) => {
        // A later look may have seen more of it.
        if (isDone && left.get(key) === head) left.delete(key)
      }), { concurrency: handlers, discard: true })
  })

  const run: Walk["run"] = Effect.fnUntraced(function* (isHeld, from, at = () => {}) {
    const { handlerBackoffMaxMs, handlerBackoffMs } = yield* Limits
    const [passed, failures] = [yield* Latch.make(), { inRow: 1, isPassed: false }]
    const again = Effect.gen(function* () {
      while (!failures.isPassed || left.size > 0) {
        const restMs = yield* backoffMs(failures.inRow, handlerBackoffMs, handlerBackoffMaxMs)
        // In the end nobody waits for a look at nothing.
        yield* failures.isPassed ? Effect.sleep(restMs) : Effect.timeoutOption(passed.await, restMs)
        failures.inRow = left.size === 0 ? 1 : failures.inRow + 1
        if (left.size > 0) yield* rounds(round(isHeld))
      }
    })
    const all = Effect.tap(passes(pass(isHeld, from, at)), () => {
      failures.isPassed = true
      return passed.open
    })
    yield* Effect.all([all, again], { concurrency: "unbounded", discard: true })
  })
  return { run }
}
