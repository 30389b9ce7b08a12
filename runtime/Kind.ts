/**
 * An aggregate made ready to run: its handlers, codecs and snapshot key, compiled once per host.
 * @module
 */
import { Result, Schema } from "effect"
import type * as Aggregate from "../core/Aggregate.ts"
import type * as EventStore from "../core/EventStore.ts"
import { canonical, digest } from "../core/Fingerprint.ts"
import * as Snapshot from "../core/Snapshot.ts"
import type { AnyCommand } from "../schemas/Command.ts"
import type { AnyEvent } from "../schemas/Event.ts"
import * as JsonSchemas from "../schemas/JsonSchemas.ts"
import * as Subject from "../schemas/Subject.ts"
import * as Wire from "../schemas/Wire.ts"

type Tagged = { readonly _tag: string }
export type Decide = (state: unknown, command: Tagged, context: Aggregate.CommandContext) => Result.Result<
  ReadonlyArray<Tagged>,
  Tagged
>

/** The state does not fit its schema, or code of that schema threw. */
export type StateFailure = Schema.SchemaError | Wire.Thrown

/** Of its functions `decide` and `evolve` alone throw what user code throws. */
export interface Kind {
  readonly name: string
  readonly initial: unknown
  readonly snapshot: Snapshot.Bounds
  /** Aggregate revision and hash of the state's schema: a snapshot with another key was made by other code. */
  readonly snapshotKey: string
  readonly command: (name: string) => AnyCommand | undefined
  readonly event: (type: string) => AnyEvent | undefined
  readonly decide: { readonly [tag: string]: Decide }
  readonly evolve: { readonly [tag: string]: (state: unknown, event: Tagged) => unknown }
  readonly decodeEvent: (
    event: EventStore.StoredEvent,
  ) => Result.Result<Tagged, Wire.Invalid | Wire.UnknownEvent | Wire.Thrown>
  readonly encodeState: (state: unknown) => Result.Result<unknown, StateFailure>
  readonly decodeState: (json: unknown) => Result.Result<unknown, StateFailure>
}

/** Compiles an aggregate; a state schema that has no JSON form stops the program at start. */
export const make = (aggregate: Aggregate.Any): Kind => {
  const { contract } = aggregate
  const codec = Schema.toCodecJson(aggregate.state as Schema.Codec<unknown, unknown>)
  const schemaHash = digest(canonical(JsonSchemas.document(aggregate.state))).slice(0, 16)
  const encode = Schema.encodeUnknownResult(codec)
  const decode = Schema.decodeUnknownResult(codec)
  return {
    name: contract.aggregate,
    initial: aggregate.initial,
    snapshot: Snapshot.bounds(aggregate.snapshot),
    snapshotKey: `${aggregate.revision}-${schemaHash}`,
    command: (name) => contract.commands[name],
    event: (type) => contract.events[type],
    decide: aggregate.decide as never,
    evolve: aggregate.evolve as never,
    decodeEvent: (event) => Wire.decodeText(contract, event) as never,
    encodeState: (state) => Wire.guard(() => encode(state)),
    decodeState: (json) => Wire.guard(() => decode(json)),
  }
}

/** `aggregate.EventType.vN`, the name under which a schema is registered and spoken of. */
export const subject = (kind: Kind, event: AnyEvent): string =>
  Subject.make(kind.name, event.tag, event.versions.length)
