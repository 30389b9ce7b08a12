/**
 * A consumer as data: which events it wants, what it does with each, and what becomes of one that it fails on.
 *
 * The core events of a stream come in order and, once done, not again; an event may come twice where a process died in
 * its handler. Secondary events come one by one, in no order.
 * @module
 */
import type { Effect } from "effect"
import type * as Contract from "../schemas/Contract.ts"
import type { Actors } from "./Actors.ts"
import type { CommandBus } from "./CommandBus.ts"
import type { StoredEvent } from "./EventStore.ts"
import { idPattern } from "./Stream.ts"

/** `retry` goes on with growing delays and never gives up; `park` and `skip` after 1 + 5 attempts. */
export type OnError = "retry" | "park" | "skip"

/** What a handler knows beside the event: all but its payload. */
export type About = Omit<StoredEvent, "payload" | "fingerprint">

/** What handlers may use; they get the rest by `Effect.provide`. */
export type Services = Actors | CommandBus

export interface Options<C extends Contract.Any, T extends keyof C["events"]> {
  /** Whose events; a consumer of several contracts is several consumers. */
  readonly contract: C
  /** Their tags; all of the contract where absent. */
  readonly events?: ReadonlyArray<T>
  /** In their newest version. Fails: it is tried again, see `onError`. */
  readonly handler: (
    event: InstanceType<C["events"][T]>,
    about: About,
  ) => Effect.Effect<void, unknown, Services>
  /** `beginning`: all that was ever stored, then what comes. `now`: what is stored after its first start. */
  readonly from: "beginning" | "now"
  readonly onError: OnError
}

export interface Any {
  readonly name: string
  readonly contract: Contract.Any
  readonly events: ReadonlyArray<string>
  readonly handler: (event: never, about: About) => Effect.Effect<void, unknown, Services>
  readonly from: "beginning" | "now"
  readonly onError: OnError
}

/** Declares a consumer; its name is the key of all it remembers: another name begins anew. */
export const make = <C extends Contract.Any, T extends keyof C["events"] & string = keyof C["events"] & string>(
  name: string,
  options: Options<C, T>,
): Any => {
  if (!idPattern.test(name) || name === "router") throw new Error(`a consumer cannot be named "${name}"`)
  const { contract, from, handler, onError } = options
  const events = options.events ?? Object.keys(contract.events)
  for (const tag of events) {
    if (contract.events[tag] === undefined) throw new Error(`${contract.aggregate} has no event "${tag}"`)
  }
  return { name, contract, events, handler, from, onError }
}
