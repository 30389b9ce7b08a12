/**
 * What of a contract travels as JSON: payloads, rejections and events as types alone, derived from the schemas' encoded
 * sides.
 *
 * A time, a big integer and bytes travel as text; an event travels in the version it was stored in.
 * @module
 */
import type { BigDecimal, DateTime, Schema } from "effect"
import type { AnyCommand } from "../../schemas/Command.ts"
import type * as Contract from "../../schemas/Contract.ts"
import type { AnyEvent, Versions } from "../../schemas/Event.ts"
import type { Fields, Instance } from "../../schemas/Fields.ts"
import type { AnyRejection } from "../../schemas/Rejection.ts"

export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [member: string]: Json }

type Texts = bigint | symbol | Date | Uint8Array | DateTime.Utc | DateTime.Zoned | BigDecimal.BigDecimal
/** Values of a library whose JSON only their schema knows. */
type Opaque = { readonly pipe: unknown } | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>

/** The JSON of an encoded type, as `Schema.toCodecJson` writes it. */
export type Wire<E> = unknown extends E ? Json
  : E extends null | undefined | boolean | number | string ? E
  : E extends Texts ? string
  : E extends Opaque ? Json
  : { readonly [K in keyof E]: Wire<E[K]> }

/** The members of these fields. The struct of no fields would be `{}`, which takes anything. */
export type Members<F extends Fields> = keyof F extends never ? { readonly [member: string]: never }
  : Wire<Schema.Struct.Encoded<F>>

export type PayloadOf<K extends AnyCommand> = Members<K["fields"]>

/** Fields marked redacted are never sent: they are absent whatever the type says. */
export type RejectionOf<R extends AnyRejection> = R extends AnyRejection
  ? { readonly _tag: Instance<R>["_tag"] } & (keyof R["members"] extends never ? unknown : Members<R["members"]>)
  : never

/** What is known of every stored event. */
export interface Envelope {
  readonly eventId: string
  readonly version: number
  /** Milliseconds since 1970. */
  readonly recordedAt: number
  readonly commandId: string
  readonly correlationId: string
  readonly causationId: string | null
  readonly principal: string
  readonly traceparent: string | null
}

interface Told<Tag extends string, N, F extends Fields> extends Envelope {
  readonly type: Tag
  /** The version of the schema that `payload` has. */
  readonly schemaVersion: N
  readonly payload: Members<F>
}

type EachVersion<Tag extends string, V extends Versions | readonly [], Before extends ReadonlyArray<unknown> = []> =
  V extends readonly [infer F extends Fields, ...infer Rest extends Versions | readonly []]
    ? Told<Tag, [...Before, 0]["length"], F> | EachVersion<Tag, Rest, [...Before, 0]>
    : never

type EventsOf<E extends AnyEvent> = E extends AnyEvent ? EachVersion<E["tag"], E["versions"]> : never

/** The last event of an instance that was closed. */
export type Tombstone = Told<"$Tombstone", 1, {}>

/** Any event of the contract in any version: tell them apart by `type` and `schemaVersion`. */
export type EventOf<C extends Contract.Any> = EventsOf<Contract.EventClassOf<C>> | Tombstone

/** An event beside those of other instances. */
export type Placed<C extends Contract.Any> = C extends Contract.Any
  ? EventOf<C> & { readonly aggregate: C["aggregate"]; readonly id: string }
  : never
