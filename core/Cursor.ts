/**
 * The opaque text with which a listing continues; it names store, listing and what was asked, so that one of another
 * store, listing, tenant or aggregate is refused instead of misread.
 * @module
 */
import { Effect, Option, Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import { BadCursor, type StoredEvent } from "./EventStore.ts"

type Part = string | number
const decodeParts = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Array(Schema.Union([Schema.String, Schema.Int]))),
)

/** A cursor behind the item at `at`, in the listing that `asked` names. */
export const encode = (asked: ReadonlyArray<string>, at: ReadonlyArray<Part>): string =>
  Base64Url.encode(JSON.stringify([...asked, ...at]))

/** The cursor of a feed with one order behind the event at `offset`, as a receipt or a position names it. */
export const feedAt = (store: string, offset: number): string => encode([store, "feed"], [offset])

/**
 * What `encode` put in; nothing where the caller begins. `types` is one character per part, `s` or `i`: the types of the
 * parts of `at`.
 */
export const decode = <At extends ReadonlyArray<Part>>(
  asked: ReadonlyArray<string>,
  types: string,
  cursor: string | undefined,
): Effect.Effect<At | undefined, BadCursor> => {
  if (cursor === undefined) return Effect.succeed(undefined)
  const parts = Option.getOrUndefined(
    Option.flatMap(Result.getSuccess(Base64Url.decodeString(cursor)), decodeParts),
  )
  const at = parts?.slice(asked.length)
  const fits = at !== undefined && at.length === types.length &&
    asked.every((name, i) => parts![i] === name) &&
    at.every((part, i) => types[i] === "s" ? typeof part === "string" : typeof part === "number" && part >= 0)
  return fits ? Effect.succeed(at as ReadonlyArray<Part> as At) : Effect.fail(new BadCursor())
}

/** Where an event stands in a listing by time. */
export type TimeKey = readonly [recordedAt: number, aggregate: string, id: string, version: number]
export const timeKey = (event: StoredEvent): TimeKey => [event.recordedAt, event.aggregate, event.id, event.version]

/** Part by part; texts by code unit, as every store of the port orders its ids (ASCII). */
export const compare = (a: ReadonlyArray<Part>, b: ReadonlyArray<Part>): number => {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1
  return 0
}

/** A page of what was read: there is another one where that is more than `limit`, so ask for one more. */
export const paged = <A>(items: ReadonlyArray<A>, limit: number, cursorOf: (item: A) => string) => ({
  items: items.slice(0, limit),
  cursor: items.length > limit && limit > 0 ? cursorOf(items[limit - 1]!) : undefined,
})
