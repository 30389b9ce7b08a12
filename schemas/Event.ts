/**
 * Events: facts in the past tense, in every version that was ever stored.
 *
 * Version n+1 is written beside version n with a total, pure function from the one to the other; only the newest
 * version is ever constructed or seen by `evolve`.
 * @module
 */
import { type Args, checkName, type Fields, plainClass, type Tagged, type Type } from "./Fields.ts"

/** `core` events travel the ordered bus, `secondary` ones the best-effort bus. */
export type Route = "core" | "secondary"
export type Versions = readonly [Fields, ...ReadonlyArray<Fields>]
type Last<V extends Versions> = V extends readonly [...infer _, infer L extends Fields] ? L : never

export interface AnyEvent {
  new (...args: never): { readonly _tag: string }
  readonly tag: string
  readonly route: Route
  readonly versions: Versions
  readonly upcasters: ReadonlyArray<(old: never) => unknown>
}

export type Event<Tag extends string, V extends Versions, R extends Route> =
  & EventClass<Tag, V, R>
  & NextVersion<Tag, V, R>

export interface EventClass<Tag extends string, V extends Versions, R extends Route> {
  new (...payload: Args<Last<V>>): Tagged<Tag, Last<V>>
  readonly tag: Tag
  readonly route: R
  readonly versions: V
  /** `upcasters[n - 1]` leads from version n to version n + 1. */
  readonly upcasters: ReadonlyArray<(old: never) => unknown>
  /** The same event on the best-effort path. */
  readonly secondary: Event<Tag, V, "secondary">
}

/** Only the next number exists: after `v2` comes `v3`. */
type NextVersion<Tag extends string, V extends Versions, R extends Route> = {
  readonly [K in `v${[...V, 0]["length"] & number}`]: <const F extends Fields>(
    fields: F,
    upcast: (old: Type<Last<V>>) => Type<F>,
  ) => Event<Tag, readonly [...V, F], R>
}

export const Event = {
  /** Declares an event in its first version, on the core path. */
  v1: <const Tag extends string, const F extends Fields>(tag: Tag, fields: F): Event<Tag, readonly [F], "core"> => {
    checkName("event", tag)
    return event(tag, [fields], [], "core") as Event<Tag, readonly [F], "core">
  },
}

const event = (tag: string, versions: Versions, upcasters: AnyEvent["upcasters"], route: Route): unknown =>
  plainClass(tag, versions.at(-1)!, {
    route,
    versions,
    upcasters,
    get secondary() {
      return event(tag, versions, upcasters, "secondary")
    },
    [`v${versions.length + 1}`]: (fields: Fields, upcast: (old: never) => unknown) =>
      event(tag, [...versions, fields], [...upcasters, upcast], route),
  })
