/**
 * Holds one actor back while the gate is asked for what it does not know; all others go on.
 *
 * Its commands stay in the mailbox: nothing of them was stored, so bounds, deadlines and shutdown meet them as they meet
 * any that wait. Once all is learned they are decided again.
 * @module
 */
import { Effect, Fiber, Option, Result } from "effect"
import * as ActorError from "../core/ActorError.ts"
import type { Actor, Task } from "./Actor.ts"
import * as Answer from "./Answer.ts"
import type { Ask, Verdicts } from "./Gate.ts"
import { type Host, release } from "./Host.ts"
import * as Metrics from "./HostMetrics.ts"
import * as Settle from "./Settle.ts"

/** A gate that answers sooner costs no look for receipts: what is decided then finds them in its commit. */
const receiptsAfterMs = 25

/** Takes over a held actor, and gives it back with the verdicts. */
export const hold = (host: Host, actor: Actor, asks: ReadonlyArray<Ask>): void => {
  host.update(Metrics.ActorsHeld, 1)
  Settle.handOver(host, actor, learn(host, actor, asks))
}

const learn = Effect.fnUntraced(function* (host: Host, actor: Actor, asks: ReadonlyArray<Ask>) {
  const work = actor.work!
  const tasks = [...work.mailbox]
  const learning = yield* Effect.forkChild(Effect.catchCause(host.gate.learn(asks), () => Effect.succeed(nothing)))
  const soon = yield* Effect.timeoutOption(Fiber.join(learning), receiptsAfterMs)
  const verdicts = Option.isSome(soon)
    ? soon.value
    : yield* Effect.raceFirst(Fiber.join(learning), Effect.andThen(receipts(host, actor, tasks), Effect.never))
  work.learned = { verdicts, tasks: new Set(tasks) }
  release(host, actor)
})

/** A gate that breaks lets nothing through. */
const nothing: Verdicts = () => new ActorError.PolicyUnavailable({ retryAfterSeconds: 1 })

/** What was decided before is answered while the gate is asked: a repeat needs no verdict. */
const receipts = Effect.fnUntraced(function* (host: Host, actor: Actor, tasks: ReadonlyArray<Task>) {
  const { stream } = actor.work!
  for (const task of tasks) {
    if (task.answered || task._tag === "Read") continue
    const receipt = yield* Effect.result(Answer.before(host.store, stream, task))
    if (Result.isFailure(receipt) || receipt.success === undefined) continue
    Settle.repeat(host, task, stream, receipt.success)
    Settle.flush(host)
  }
})
