/**
 * Works a queue off: several messages at once, each hidden from others for as long as it is worked on.
 *
 * A message whose work was done and whose removal failed comes again: work must stand being done twice.
 * @module
 */
import { Effect, FiberSet, Semaphore } from "effect"
import { Limits } from "../../core/Limits.ts"
import { callMax, type Message, type Queue, receivesMax } from "../../core/Queue.ts"
import * as Rarely from "../Rarely.ts"
import { backoff, backoffMs } from "./backoff.ts"
import type { Drain } from "./Drain.ts"
import * as Gather from "./Gather.ts"

export type Verdict =
  | "done"
  /** It comes again, later each time, until it has been received `receivesMax` times: then it is a dead letter. */
  | "again"
  /** It comes again without end: a copy goes to the end of the queue before its last receive is used up. */
  | "pause"

export interface Options {
  readonly queue: Queue
  readonly work: (message: Message) => Effect.Effect<Verdict>
  readonly drain: Drain
  /** How long what failed first is hidden at most, in milliseconds; absent: `Limits.handlerBackoffMs`. */
  readonly delayMs?: number | undefined
}

/** Works for ever. Interrupted, it lets what was begun end as far as the drain goes, and gives the rest back. */
export const run = (options: Options): Effect.Effect<never> =>
  Effect.scoped(Effect.gen(function* () {
    const limits = yield* Limits
    const { delayMs = limits.handlerBackoffMs, drain, queue, work } = options
    const rarely = Rarely.make(limits)
    const permits = yield* Semaphore.make(limits.handlers)
    // In front of those who use it, so that it ends behind them.
    const remove = yield* Gather.make(callMax, (messages: ReadonlyArray<Message>) =>
      // What could not be removed comes again.
      Effect.catch(queue.remove(messages), () => Effect.succeed(messages.map(() => false))))
    const fibers = yield* FiberSet.make<void>()
    const hide = (message: Message, ms: number) => Effect.ignore(queue.hide([message], ms))

    const stayHidden = (message: Message) =>
      Effect.forever(Effect.andThen(Effect.sleep(limits.hiddenMs / 3), hide(message, limits.hiddenMs)))

    const later = Effect.fnUntraced(function* (message: Message) {
      yield* hide(message, yield* backoffMs(message.receives, delayMs, limits.handlerBackoffMaxMs))
    })

    const settle = Effect.fnUntraced(function* (message: Message, verdict: Verdict) {
      if (verdict === "done") return void (yield* remove(message))
      if (verdict === "pause" && message.receives >= receivesMax) {
        const sent = yield* Effect.option(queue.send([message.body]))
        if (sent._tag === "Some" && sent.value[0] === true) return void (yield* remove(message))
        // One receive too many is better than a message that is gone.
      }
      yield* later(message)
    })

    const one = (message: Message) =>
      drain.finish(
        Effect.raceFirst(work(message), stayHidden(message)).pipe(
          Effect.catchDefect((defect) =>
            Effect.as(
              rarely.defect("the work on a message broke", defect),
              "again" as const,
            )
          ),
          Effect.flatMap((verdict) => settle(message, verdict)),
          // It comes again once it is hidden no more.
          Effect.catchDefect((defect) =>
            rarely.defect("what came of a message could not be said to its queue", defect)
          ),
        ),
      ).pipe(Effect.onInterrupt(() => hide(message, 0)))

    let failures = 0
    while (true) {
      yield* permits.take(1)
      const more = yield* free(permits, callMax - 1)
      const received = yield* Effect.result(
        queue.receive(1 + more, { waitMs: limits.queueWaitMs, hiddenMs: limits.hiddenMs }),
      )
      const messages = received._tag === "Success" ? received.success : []
      yield* permits.release(1 + more - messages.length)
      for (const message of messages) {
        yield* FiberSet.run(fibers, Effect.ensuring(one(message), permits.release(1)))
      }
      failures = received._tag === "Success" ? 0 : failures + 1
      if (received._tag === "Failure") {
        if (failures === 1) {
          yield* Effect.logWarning("a queue cannot be read").pipe(
            Effect.annotateLogs({ reason: received.failure.reason }),
          )
        }
        yield* backoff(failures, limits.routeBackoffMs, limits.routeBackoffMaxMs)
      }
    }
  }))

/** Takes what is free of `permits`, at most so many. */
const free = (permits: Semaphore.Semaphore, max: number): Effect.Effect<number> =>
  Effect.gen(function* () {
    let taken = 0
    while (taken < max && (yield* permits.takeIfAvailable(1))) taken++
    return taken
  })
