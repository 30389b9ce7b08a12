/**
 * JSON codecs of commands, events and rejections, each built once per class.
 *
 * Commands and newest events are closed (an unknown field is refused); old events are read open (an unknown field is
 * ignored), so that old and new code run side by side.
 * @module
 */
import { Result, Schema } from "effect"
import type { AnyCommand } from "./Command.ts"
import type * as Contract from "./Contract.ts"
import type { AnyEvent } from "./Event.ts"
import { type Fields, struct } from "./Fields.ts"
import * as Issue from "./Issue.ts"
import type { AnyRejection } from "./Rejection.ts"

/** An event as a store keeps it; `payload` is JSON without the tag. */
export interface Stored {
  readonly type: string
  readonly schemaVersion: number
  readonly payload: unknown
}

/** The value breaks its schema; `issues` say where and by which rule, never with which value. */
export class Invalid extends Schema.TaggedError<Invalid>()("Invalid", { issues: Schema.Array(Issue.Issue) }) {}

/** The event was written by newer code: wait for the newer version of this program to read it. */
export class UnknownEvent extends Schema.TaggedError<UnknownEvent>()("UnknownEvent", {
  type: Schema.String,
  schemaVersion: Schema.Int,
}) {}

/** Code of a contract threw: an upcaster, or what a schema calls. The cause may hold values; `Defect.describe` does not. */
export class Thrown extends Schema.TaggedError<Thrown>()("Thrown", { cause: Schema.Defect() }) {}

/** What user code gives, or what it threw: for whoever has to go on with the next all the same. */
export const guard = <A, E>(code: () => Result.Result<A, E>): Result.Result<A, E | Thrown> => {
  const ran = Result.try(code)
  return Result.isSuccess(ran) ? ran.success : Result.fail(new Thrown({ cause: ran.failure }))
}

type Coder = (value: unknown) => Result.Result<unknown, Schema.SchemaError>
const closed = { onExcessProperty: "error" } as const
const json = (fields: Fields) => Schema.toCodecJson(struct(fields))
const invalid = (error: Schema.SchemaError) => new Invalid({ issues: Issue.fromSchemaError(error) })

/** Builds a value once per class; schemas are compiled on first use, so that importing a contract costs nothing. */
const memoize = <K extends object, V>(build: (key: K) => V): (key: K) => V => {
  const built = new WeakMap<K, V>()
  return (key) => {
    let value = built.get(key)
    if (value === undefined) built.set(key, value = build(key))
    return value
  }
}

interface Closed {
  readonly decode: Coder
  /** Says every issue and not just the first; only a failure is decided again with it. */
  readonly decodeAll: Coder
  readonly encode: (instance: { readonly _tag: string }) => ReturnType<Coder>
}

/**
 * Whether every field of the plain objects in `input` stands in `output`, the tag apart: then nothing was dropped.
 * Anything else (a renamed field, a value that became an object) is for the closed schema to judge.
 */
const covers = (input: unknown, output: unknown, tag: string | undefined): boolean => {
  if (!isNested(input) || input === output) return true
  if (Array.isArray(input)) {
    if (!Array.isArray(output) || output.length !== input.length) return false
    for (let i = 0; i < input.length; i++) {
      if (isNested(input[i]) && !covers(input[i], output[i], undefined)) return false
    }
    return true
  }
  const prototype = Object.getPrototypeOf(input)
  // An instance of a class (a time, say) is a value of its schema, not a record with fields.
  if (prototype !== Object.prototype && prototype !== null) return true
  if (!isNested(output)) return false
  for (const key in input) {
    if (key === tag) continue
    if (!Object.hasOwn(output, key)) return false
    const value = (input as never)[key]
    if (isNested(value) && !covers(value, (output as never)[key], undefined)) return false
  }
  return true
}
const isNested = (value: unknown): value is object => typeof value === "object" && value !== null

/**
 * Parsing is many times faster under the default options, which drop excess fields; so that is tried first, and the
 * closed parse decides wherever something was dropped.
 */
const closedCodec = (fields: Fields): Closed => {
  const schema = json(fields)
  const openDecode: Coder = Schema.decodeUnknownResult(schema)
  const closedDecode: Coder = Schema.decodeUnknownResult(schema, closed)
  const openEncode: Coder = Schema.encodeUnknownResult(schema)
  const closedEncode: Coder = Schema.encodeUnknownResult(schema, closed)
  return {
    decode: (value) => {
      const decoded = openDecode(value)
      return Result.isSuccess(decoded) && covers(value, decoded.success, undefined) ? decoded : closedDecode(value)
    },
    decodeAll: Schema.decodeUnknownResult(schema, { ...closed, errors: "all" }),
    encode: (instance) => {
      const encoded = openEncode(instance)
      return Result.isSuccess(encoded) && covers(instance, encoded.success, "_tag")
        ? encoded
        : closedEncode(untagged(instance))
    },
  }
}

/** Whatever an event without fields was stored with, it says nothing but that it happened. */
const openDecoder = (fields: Fields): Coder =>
  Object.keys(fields).length === 0 ? () => Result.succeed({}) : Schema.decodeUnknownResult(json(fields))

const commandCodec = memoize((command: AnyCommand) => closedCodec(command.fields))
const rejectionCodec = memoize((rejection: AnyRejection) => closedCodec(rejection.members))
const eventCodecs = memoize((event: AnyEvent) => ({
  newest: closedCodec(event.versions.at(-1)!),
  reads: event.versions.map(openDecoder),
}))

const tagged = (tag: string) => (payload: unknown): { readonly _tag: string } => ({
  _tag: tag,
  ...(payload as object),
})
/** A field holding `undefined` is an absent one: it would vanish in JSON, and must not count as an excess field. */
const untagged = (instance: { readonly _tag: string }): { readonly [field: string]: unknown } => {
  const payload: Record<string, unknown> = {}
  for (const key of Object.keys(instance)) {
    const value = (instance as unknown as Record<string, unknown>)[key]
    if (key !== "_tag" && value !== undefined) payload[key] = value
  }
  return payload
}

/** A command from its JSON payload; says every issue at once. Throws what code of the schema throws. */
export const decodeCommand = (
  command: AnyCommand,
  payload: unknown,
): Result.Result<{ readonly _tag: string }, Invalid> => {
  const codec = commandCodec(command)
  const decoded = codec.decode(payload)
  return Result.isSuccess(decoded)
    ? Result.succeed(tagged(command.tag)(decoded.success))
    : Result.mapError(Result.map(codec.decodeAll(payload), tagged(command.tag)), invalid)
}

/** The JSON payload of a command instance. */
export const encodeCommand = (
  command: AnyCommand,
  instance: { readonly _tag: string },
): Result.Result<unknown, Invalid> => Result.mapError(commandCodec(command).encode(instance), invalid)

/**
 * The newest version of an event, closed: a field that the contract does not know is an issue, not silently dropped.
 * Throws what code of the schema throws.
 */
export const encodeEvent = (event: AnyEvent, instance: { readonly _tag: string }): Result.Result<Stored, Invalid> => {
  const encoded = eventCodecs(event).newest.encode(instance)
  return Result.isSuccess(encoded)
    ? Result.succeed({ type: event.tag, schemaVersion: event.versions.length, payload: encoded.success })
    : Result.fail(invalid(encoded.failure))
}

/** The newest version of a stored event of any version, upcast step by step; what user code throws is a failure. */
export const decodeEvent = <C extends Contract.Any>(
  contract: C,
  stored: Stored,
): Result.Result<Contract.EventOf<C>, Invalid | UnknownEvent | Thrown> => {
  const event = contract.events[stored.type]
  const read = event === undefined ? undefined : eventCodecs(event).reads[stored.schemaVersion - 1]
  if (event === undefined || read === undefined) {
    return Result.fail(new UnknownEvent({ type: stored.type, schemaVersion: stored.schemaVersion }))
  }
  return guard(() => {
    const decoded = read(stored.payload)
    if (Result.isFailure(decoded)) return Result.fail(invalid(decoded.failure))
    let payload = decoded.success
    for (let n = stored.schemaVersion - 1; n < event.upcasters.length; n++) {
      payload = (event.upcasters[n] as (old: unknown) => unknown)(payload)
      // Else `evolve` would see an event without fields, and nobody would notice.
      if (!isNested(payload)) throw new TypeError("an upcaster gives no event")
    }
    return Result.succeed(tagged(event.tag)(payload) as Contract.EventOf<C>)
  })
}

/** `decodeEvent` of an event as stores and buses hold it: `payload` is JSON text. */
export const decodeText = <C extends Contract.Any>(
  contract: C,
  { payload, schemaVersion, type }: Stored & { readonly payload: string },
): Result.Result<Contract.EventOf<C>, Invalid | UnknownEvent | Thrown> => {
  const parsed = Result.try(() => JSON.parse(payload) as unknown)
  return Result.isSuccess(parsed)
    ? decodeEvent(contract, { type, schemaVersion, payload: parsed.success })
    : Result.fail(new Invalid({ issues: [{ pointer: "", rule: "Expected JSON text" }] }))
}

/** The JSON members of a rejection, without its tag. */
export const encodeRejection = (
  rejection: AnyRejection,
  instance: { readonly _tag: string },
): Result.Result<unknown, Invalid> => {
  const own = Object.fromEntries(Object.keys(rejection.members).map((key) => [key, (instance as never)[key]]))
  return Result.mapError(rejectionCodec(rejection).encode({ _tag: rejection.identifier, ...own }), invalid)
}

/** An instance of the rejection class, so that `catchTag` and `instanceof` hold on the caller's side too. */
export const decodeRejection = (
  rejection: AnyRejection,
  members: unknown,
): Result.Result<{ readonly _tag: string }, Invalid> =>
  Result.mapError(
    Result.map(
      rejectionCodec(rejection).decode(members),
      (fields) => new (rejection as unknown as new (fields: unknown) => { readonly _tag: string })(fields),
    ),
    invalid,
  )
