/**
 * The schemas of one aggregate: commands with their rejections, events in all versions.
 *
 * Pure data and safe in a browser; generators and JSON Schemas live in modules of their own, so that a client's bundle
 * carries neither.
 * @module
 */
import type { AnyCommand } from "./Command.ts"
import type { AnyEvent, Route } from "./Event.ts"
import { checkName, type Instance } from "./Fields.ts"

export interface Contract<Name extends string, E extends AnyEvent, C extends AnyCommand> {
  /** Never constructed; `class Order extends Contract.make(…) {}` only gives the contract a name in hovers and errors. */
  new (_: never): object
  readonly aggregate: Name
  readonly events: { readonly [K in E as K["tag"]]: K }
  readonly commands: { readonly [K in C as K["tag"]]: K }
}

export interface Any {
  readonly aggregate: string
  readonly events: { readonly [tag: string]: AnyEvent }
  readonly commands: { readonly [tag: string]: AnyCommand }
}

/** Declares the contract of the aggregate `name`; two parts with one tag stop the program at start. */
export const make = <const Name extends string, E extends AnyEvent, C extends AnyCommand>(
  name: Name,
  parts: { readonly events: ReadonlyArray<E>; readonly commands: ReadonlyArray<C> },
): Contract<Name, E, C> => {
  checkName("aggregate", name)
  return class {
    static readonly aggregate = name
    static readonly events = byTag(parts.events)
    static readonly commands = byTag(parts.commands)
  } as unknown as Contract<Name, E, C>
}

/** No prototype, so that a name from outside (`constructor`) never finds anything that was not declared. */
const byTag = <K extends { readonly tag: string }>(items: ReadonlyArray<K>): { readonly [P in K as P["tag"]]: P } => {
  const record: Record<string, K> = Object.create(null)
  for (const item of items) {
    if (record[item.tag] !== undefined) throw new Error(`two parts of a contract share the tag "${item.tag}"`)
    record[item.tag] = item
  }
  return record as never
}

/** The path on which events of a type travel; `core` where contract or type is unknown: whoever must be sure asks first. */
export const routeOf = (contract: Any | undefined, type: string): Route => contract?.events[type]?.route ?? "core"

export type EventClassOf<C extends Any> = C["events"][keyof C["events"]]
export type CommandClassOf<C extends Any> = C["commands"][keyof C["commands"]]
export type EventOf<C extends Any> = Instance<EventClassOf<C>>
export type CommandOf<C extends Any> = Instance<CommandClassOf<C>>
export type RejectionOf<K extends AnyCommand> = Instance<K["rejections"][number]>
/** The rejections of the command that this instance is. */
export type RejectionOn<C extends Any, I extends { readonly _tag: string }> = RejectionOf<C["commands"][I["_tag"]]>
