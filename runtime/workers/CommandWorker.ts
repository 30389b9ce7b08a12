/**
 * Works the queue of bus commands off: sends each to the actors of this process and removes it once it is decided.
 *
 * A command comes again under its id until then, which changes nothing twice. It waits through an outage; what is at fault
 * itself becomes a dead letter of its queue. Who may write to the queue is believed about the principal.
 * @module
 */
import { Effect, Layer, Metric } from "effect"
import { Actors } from "../../core/Actors.ts"
import type { ActorError } from "../../core/ActorError.ts"
import { decided } from "../../core/CommandBus.ts"
import * as CommandWire from "../../core/CommandWire.ts"
import { Limits } from "../../core/Limits.ts"
import { counter } from "../../core/metrics.ts"
import { type Message, type Queue, type QueueUnavailable, receivesMax } from "../../core/Queue.ts"
import * as Rarely from "../Rarely.ts"
import * as Drain from "./Drain.ts"
import * as Messages from "./Messages.ts"
import { persist } from "./persist.ts"
import { unbroken } from "./unbroken.ts"

export const CommandsGivenUp = counter(
  "CommandsGivenUp",
  "Bus commands that were not decided in six receives; they lie in the dead letters of their queue",
)

/** Asked again it may be decided, however often it was not. An actor that keeps failing is what the command does to it. */
const isOutage = (error: ActorError): boolean => "retryAfterSeconds" in error && error._tag !== "ActorUnavailable"

const work = (actors: Actors["Service"], rarely: Rarely.Rarely) =>
  Effect.fnUntraced(function* (message: Message): Effect.fn.Return<Messages.Verdict> {
    const command = CommandWire.decode(message.body)
    const said = command === undefined
      ? "Unreadable" as const
      : yield* Effect.match(decided(actors, command), { onSuccess: () => undefined, onFailure: (error) => error })
    if (said === undefined) return "done"
    const about = {
      ...{ message: message.id, reason: said === "Unreadable" ? said : said._tag, attempt: message.receives },
      ...command === undefined ? {} : { aggregate: command.aggregate, command: command.command },
    }
    const place = `bus command ${about.reason} ${command?.aggregate} ${command?.command}`
    yield* rarely.say(place, Effect.annotateLogs(Effect.logWarning("a bus command was not decided"), about))
    if (said !== "Unreadable" && isOutage(said)) return "pause"
    // No event, so no row: what is known of it stands here.
    if (message.receives >= receivesMax) {
      yield* Metric.update(CommandsGivenUp, 1)
      yield* Effect.annotateLogs(Effect.logError("a bus command was given up"), about)
    }
    return "again"
  })

/** Works in the background for the layer's life; closed, it gives back what it could not end. Waits for its queue. */
export const layer = <R>(queue: Effect.Effect<Queue, QueueUnavailable, R>): Layer.Layer<never, never, Actors | R> =>
  Layer.effectDiscard(Effect.gen(function* () {
    const limits = yield* Limits
    const rarely = Rarely.make(limits)
    const { drain, begin } = yield* Drain.make(limits.drainMs)
    const worked = Effect.flatMap(
      persist(queue),
      Effect.fnUntraced(function* (found) {
        return yield* Messages.run({ queue: found, work: work(yield* Actors, rarely), drain })
      }),
    )
    yield* Effect.forkScoped(unbroken("the worker of bus commands", {}, worked))
    yield* Effect.addFinalizer(() => begin)
  }))
