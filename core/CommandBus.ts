/**
 * The port through which consumers and sagas command: durable, at least once, under an id that follows from the cause.
 *
 * The sender's stream is the outbox: a send that fails is sent again with the same id, and changes nothing twice. In
 * process it ends in the host; across applications in a queue that the other one works off.
 * @module
 */
import { Context, Effect, Layer, Schema } from "effect"
import type * as Contract from "../schemas/Contract.ts"
import type { Args } from "../schemas/Fields.ts"
import type { ActorError, CommandInvalid, Expired, StreamClosed } from "./ActorError.ts"
import { Actors, encode, type Rejected } from "./Actors.ts"
import { bytesOf } from "./bytes.ts"
import * as CommandWire from "./CommandWire.ts"
import type { About } from "./Consumer.ts"
import * as Ids from "./Ids.ts"
import { Limits } from "./Limits.ts"
import { Principal, type Shape as PrincipalShape } from "./Principal.ts"
import type { Queue, QueueUnavailable } from "./Queue.ts"

export interface BusCommand {
  /** Deterministic: made of what caused it, so that a repeat is the same command. */
  readonly commandId: string
  readonly principal: PrincipalShape
  readonly aggregate: string
  readonly id: string
  readonly command: string
  /** JSON, as it would come over the wire. */
  readonly payload: unknown
  readonly correlationId?: string | undefined
  readonly causationId?: string | undefined
  /** Milliseconds; taken up later it is `Expired`. */
  readonly notAfter?: number | undefined
}

/** It was not handed over, or nobody knows. Send it again under its id. */
export class CommandNotSent extends Schema.TaggedError<CommandNotSent>()("CommandNotSent", {
  commandId: Schema.String,
  /** A name; never a value of the payload. */
  reason: Schema.String,
}) {}

export interface Shape {
  /** Done once the command is decided (in process) or durably queued; a rejection is a decision, and no error here. */
  readonly send: (command: BusCommand) => Effect.Effect<void, CommandNotSent>
}

export class CommandBus extends Context.Service<CommandBus, Shape>()("nexus/core/CommandBus") {
  /** Commands end in the actors of this process. */
  static readonly layerActors: Layer.Layer<CommandBus, never, Actors> = Layer.effect(
    CommandBus,
    Effect.map(Actors, (actors) => CommandBus.of({ send: (command) => decide(actors, command) })),
  )

  /**
   * Commands to aggregates of another application go into its queue, which is asked for whenever one is sent; all others
   * end in the actors of this process.
   */
  static readonly layerOwners = (
    queueOf: (aggregate: string) => Effect.Effect<Queue, QueueUnavailable> | undefined,
  ): Layer.Layer<CommandBus, never, Actors> =>
    Layer.effect(
      CommandBus,
      Effect.gen(function* () {
        const [actors, { messageBodyBytes }] = [yield* Actors, yield* Limits]
        return CommandBus.of({
          send: (command) => {
            const queue = queueOf(command.aggregate)
            if (queue === undefined) return decide(actors, command)
            return Effect.matchEffect(queue, {
              onSuccess: (found) => overQueue(found, messageBodyBytes).send(command),
              onFailure: ({ reason }) => Effect.fail(new CommandNotSent({ commandId: command.commandId, reason })),
            })
          },
        })
      }),
    )

  /** Commands go into a queue, for `runtime/workers/CommandWorker.ts` of whichever process works it off. */
  static readonly layerQueue = (queue: Queue): Layer.Layer<CommandBus> =>
    Layer.effect(CommandBus, Effect.map(Limits, ({ messageBodyBytes }) => overQueue(queue, messageBodyBytes)))
}

/**
 * What the actors have said once and for all: they accepted or rejected it, it came too late, or its stream has ended. A
 * repeat would be answered the same.
 */
const isDecided = (error: Rejected | ActorError): error is Rejected | Expired | StreamClosed =>
  error._tag === "Rejected" || error._tag === "Expired" || error._tag === "StreamClosed"

/** Sends to the actors and waits until the command is decided; fails with why it was not. */
export const decided = (actors: Actors["Service"], command: BusCommand): Effect.Effect<void, ActorError> =>
  Effect.catch(
    Effect.asVoid(actors.send(command)),
    (error) =>
      isDecided(error)
        ? Effect.logDebug("a bus command was refused").pipe(Effect.annotateLogs({
          aggregate: command.aggregate,
          command: command.command,
          refusal: error._tag === "Rejected" ? error.tag : error._tag,
        }))
        : Effect.fail(error),
  )

const decide = (actors: Actors["Service"], command: BusCommand): Effect.Effect<void, CommandNotSent> =>
  Effect.mapError(
    decided(actors, command),
    ({ _tag: reason }) => new CommandNotSent({ commandId: command.commandId, reason }),
  )

const overQueue = (queue: Queue, bytesMax: number): Shape => ({
  send: (command) => {
    const notSent = (reason: string) => new CommandNotSent({ commandId: command.commandId, reason })
    const body = CommandWire.encode(command)
    // The same again whenever it is sent: whoever handles the event fails, and its policy says what becomes of it.
    if (bytesOf(body) > bytesMax) return Effect.fail(notSent("TooLarge"))
    return queue.send([body]).pipe(
      Effect.mapError(({ reason }) => notSent(reason)),
      Effect.flatMap(([isSent]) => isSent === true ? Effect.void : Effect.fail(notSent("NotQueued"))),
    )
  },
})

export interface TellOptions {
  /** Tells commands of one name to one instance apart, where an event causes several; it must not change in a repeat. */
  readonly key?: string
  /** Milliseconds; taken up later it is `Expired`. */
  readonly notAfter?: number
}

/** One method per command, typed by the contract alone. */
export type Client<C extends Contract.Any> = {
  readonly [T in keyof C["commands"]]: (
    ...args: [...Args<C["commands"][T]["fields"]>, options?: TellOptions]
  ) => Effect.Effect<void, CommandInvalid | CommandNotSent, CommandBus | Principal>
}

/**
 * Commands the instance `id` because of an event: as the principal of the handler, under an id made of consumer, event,
 * target and command, so that handling the event again is the same command. What it is rejected with is not heard: who
 * needs to know listens to the other's events.
 */
export const tell = <C extends Contract.Any>(
  target: { readonly contract: C } | C,
  id: string,
  about: About,
): Client<C> => {
  const { aggregate, commands } = "contract" in target ? target.contract as C : target as C
  return Object.fromEntries(
    Object.entries(commands).map((
      [tag, command],
    ) => [tag, (payload: object = {}, options: TellOptions = {}) =>
      Effect.gen(function* () {
        const bus = yield* CommandBus
        const principal = yield* Principal
        yield* bus.send({
          commandId: Ids.ofEvent(about.consumer, about, aggregate, id, tag, options.key ?? ""),
          principal,
          aggregate,
          id,
          command: tag,
          payload: yield* Effect.fromResult(encode(command, payload)),
          correlationId: about.correlationId,
          causationId: about.eventId,
          notAfter: options.notAfter,
        })
      })]
    ),
  ) as never
}
