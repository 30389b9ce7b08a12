/**
 * Works the queue of bus commands off: sends each to the actors of this process and removes it once it is decided.
 *
 * A command comes again under its id until then, which changes nothing twice; what is never decided becomes a dead letter
 * of its queue. Who may write to the queue is believed about the principal.
 * @module
 */
import { Effect, Layer } from "effect"
import { Actors } from "../../core/Actors.ts"
import { decide } from "../../core/CommandBus.ts"
import * as CommandWire from "../../core/CommandWire.ts"
import { Limits } from "../../core/Limits.ts"
import type { Message, Queue } from "../../core/Queue.ts"
import * as Drain from "./Drain.ts"
import * as Messages from "./Messages.ts"

const work = (actors: Actors["Service"]) =>
  Effect.fnUntraced(function* (message: Message): Effect.fn.Return<Messages.Verdict> {
    const command = CommandWire.decode(message.body)
    const said = command === undefined
      ? "Unreadable"
      : yield* Effect.match(decide(actors, command), { onSuccess: () => undefined, onFailure: ({ reason }) => reason })
    if (said === undefined) return "done"
    yield* Effect.logWarning("a bus command was not decided").pipe(Effect.annotateLogs({
      ...{ message: message.id, aggregate: command?.aggregate, command: command?.command },
      ...{ reason: said, attempt: message.receives },
    }))
    return "again"
  })

/** Works in the background for the layer's life; closed, it gives back what it could not end. */
export const layer = (queue: Queue): Layer.Layer<never, never, Actors> =>
  Layer.effectDiscard(Effect.gen(function* () {
    const { drain, begin } = yield* Drain.make((yield* Limits).drainMs)
    yield* Effect.forkScoped(Messages.run({ queue, work: work(yield* Actors), drain }))
    yield* Effect.addFinalizer(() => begin)
  }))
