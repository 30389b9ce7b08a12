/**
 * The way to the actors, wherever they live: a command in, its outcome out.
 *
 * Placement is this port: in one process (`runtime/ActorHost.ts`), on a cluster, or one Durable Object a stream.
 * @module
 */
import { Context, Effect, Result, Schema } from "effect"
import type { AnyCommand } from "../schemas/Command.ts"
import type * as Contract from "../schemas/Contract.ts"
import type { Args, Unfit } from "../schemas/Fields.ts"
import * as Wire from "../schemas/Wire.ts"
import { type ActorError, CommandInvalid } from "./ActorError.ts"
import type * as Aggregate from "./Aggregate.ts"
import { Principal, type Shape as PrincipalShape } from "./Principal.ts"

export interface CommandRequest {
  readonly principal: PrincipalShape
  readonly aggregate: string
  readonly id: string
  readonly command: string
  /** JSON, as it came over the wire. */
  readonly payload: unknown
  /** The idempotency key; generated where absent. */
  readonly commandId?: string | undefined
  /** Refuses unless the stream is at this version. */
  readonly ifMatch?: number | undefined
  /** Milliseconds; a command taken up later is `Expired`, and that is remembered. */
  readonly notAfter?: number | undefined
  readonly correlationId?: string | undefined
  readonly causationId?: string | undefined
}

/** The acceptance of a command. The same command id gives the same bytes while the stream lives. */
export interface Receipt {
  readonly commandId: string
  readonly aggregate: string
  readonly id: string
  /** Of the stream, after the command. */
  readonly version: number
  /** Empty for an accepted no-op. */
  readonly events: ReadonlyArray<{ readonly eventId: string; readonly type: string; readonly version: number }>
  readonly position: string
}

/** A rejection in its wire form: the refusal of `decide`, remembered. */
export class Rejected extends Schema.TaggedError<Rejected>()("Rejected", {
  commandId: Schema.String,
  tag: Schema.String,
  status: Schema.Int,
  /** JSON members without the tag. */
  members: Schema.Unknown,
}) {}

export interface StateAnswer<S> {
  readonly aggregate: string
  readonly id: string
  readonly version: number
  /** Milliseconds of the last event. */
  readonly recordedAt: number
  readonly state: S
  readonly position: string
}

export interface Shape {
  readonly send: (request: CommandRequest) => Effect.Effect<Receipt, Rejected | ActorError>
  /** The state in its JSON form, confirmed to be the newest; nothing where the stream is empty. */
  readonly state: (
    principal: PrincipalShape,
    aggregate: string,
    id: string,
  ) => Effect.Effect<StateAnswer<unknown> | undefined, ActorError>
}

export interface AskOptions {
  readonly commandId?: string
  readonly ifMatch?: number
  readonly notAfter?: number
  readonly correlationId?: string
  readonly causationId?: string
}

/** One method per command, typed by the contract alone. */
export type Client<C extends Contract.Any> = {
  readonly [T in keyof C["commands"]]: (
    ...args: [...Args<C["commands"][T]["fields"]>, options?: AskOptions]
  ) => Effect.Effect<Receipt, Contract.RejectionOf<C["commands"][T]> | ActorError, Actors | Principal>
}

export class Actors extends Context.Service<Actors, Shape>()("nexus/core/Actors") {}

/** The confirmed newest state of the instance `id`; the initial one, at version 0, where nothing was stored yet. */
export const state = Effect.fnUntraced(function* <C extends Contract.Any, S>(
  aggregate: Aggregate.Aggregate<C, S>,
  id: string,
): Effect.fn.Return<{ readonly version: number; readonly state: S }, ActorError, Actors | Principal> {
  const answer = yield* (yield* Actors).state(yield* Principal, aggregate.contract.aggregate, id)
  if (answer === undefined) return { version: 0, state: aggregate.initial }
  const state = yield* Effect.orDie(Schema.decodeUnknownEffect(Schema.toCodecJson(aggregate.state))(answer.state))
  return { version: answer.version, state }
})

/** Commands the instance `id` of an aggregate or contract; rejections come back as instances of their classes. */
export const ask = <C extends Contract.Any>(target: { readonly contract: C } | C, id: string): Client<C> =>
  clientOf("contract" in target ? target.contract as C : target as C, id)

/**
 * The JSON payload of a command, from its fields. Constructed first, which fills in defaults; what the constructor would
 * drop is kept, so that it is refused.
 */
export const encode = (command: AnyCommand, payload: object): Result.Result<unknown, CommandInvalid> => {
  const made = Result.try({
    try: () => new (command as unknown as new (payload: object) => { readonly _tag: string })(payload),
    catch: (error) => error as Unfit,
  })
  const encoded = Result.flatMap(made, (instance) => Wire.encodeCommand(command, { ...payload, ...instance }))
  return Result.mapError(encoded, ({ issues }) => new CommandInvalid({ issues }))
}

const clientOf = <C extends Contract.Any>(contract: C, id: string): Client<C> =>
  Object.fromEntries(
    Object.entries(contract.commands).map(([tag, command]) => [tag, (payload: object = {}, options: AskOptions = {}) =>
      Effect.gen(function* () {
        const actors = yield* Actors
        const principal = yield* Principal
        const encoded = yield* Effect.fromResult(encode(command, payload))
        return yield* actors.send({
          ...options,
          principal,
          aggregate: contract.aggregate,
          id,
          command: tag,
          payload: encoded,
        }).pipe(Effect.catchTag("Rejected", (rejected) => {
          const kind = command.rejections.find((rejection) =>
            rejection.identifier === rejected.tag
          )
          // A rejection that this contract does not know was decided by other code: there is no type to give it.
          return kind === undefined
            ? Effect.die(rejected)
            : Effect.flatMap(Effect.orDie(Effect.fromResult(Wire.decodeRejection(kind, rejected.members))), (e) =>
              Effect.fail(e))
        }))
      })]
    ),
  ) as never
