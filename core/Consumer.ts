/**
 * A consumer as data: which events it wants, what it does with each, and what becomes of one that it fails on.
 *
 * The core events of a stream come in order and, once done, not again; an event may come twice where a process died in
 * its handler. Secondary events come one by one, in no order.
 * @module
 */
import type { Effect } from "effect"
import * as Contract from "../schemas/Contract.ts"
import type { Instance } from "../schemas/Fields.ts"
import type { Actors } from "./Actors.ts"
import type { CommandBus } from "./CommandBus.ts"
import { router } from "./DeadLetters.ts"
import type { StoredEvent } from "./EventStore.ts"
import { defaults } from "./Limits.ts"
import type { Principal, Shape as PrincipalShape } from "./Principal.ts"
import { receivesMax } from "./Queue.ts"
import { idPattern } from "./Stream.ts"

/** `retry` goes on with growing delays and never gives up; `park` and `skip` after 1 + 5 attempts, where nothing else is said. */
export type OnError = "retry" | "park" | "skip"

interface Delays {
  /** Milliseconds before the second attempt at most, 1 to 30,000; twice as long each time, up to 30,000. 200 where absent. */
  readonly delayMs?: number
}

/** What becomes of an event on which the handler fails, and how long it is tried before. */
export type ErrorPolicy =
  | OnError
  | Delays & { readonly policy: "retry" }
  /** All attempts, 1 to 20; to 6 with secondary events, which a queue gives no oftener. 6 where absent. */
  | Delays & { readonly policy: "park" | "skip"; readonly attempts?: number }

/** What a handler knows beside the event: all but its payload, and on whose behalf it works. */
export interface About extends Omit<StoredEvent, "payload" | "fingerprint"> {
  readonly consumer: string
}

/** What handlers may use; they get the rest by `Effect.provide`. `Principal` is the consumer itself, see `principalOf`. */
export type Services = Actors | CommandBus | Principal

/** What the principal of a consumer may be allowed. */
export type Scope = "read" | `commands:${string}`

export type EventTag<C extends Contract.Any> = keyof C["events"] & string

export interface Options<C extends Contract.Any, T extends EventTag<C>> {
  /** Whose events; a consumer of several contracts is several consumers. */
  readonly contract: C
  /** Their tags; all of the contract where absent, those too that newer code adds to it. */
  readonly events?: ReadonlyArray<T>
  /** In their newest version. Fails, dies, or takes longer than `Limits.handlerMs`: it is tried again, see `onError`. */
  readonly handler: (event: Instance<C["events"][T]>, about: About) => Effect.Effect<void, unknown, Services>
  /** `beginning`: all that was ever stored, then what comes. `now`: what is routed from its first start on. */
  readonly from: "beginning" | "now"
  readonly onError: ErrorPolicy
  /** What it may command and read, in the tenant of the event alone; nothing where absent. */
  readonly scopes?: ReadonlyArray<Scope>
}

export interface Any {
  readonly name: string
  readonly contract: Contract.Any
  readonly events: ReadonlyArray<string>
  /** It asked for no tags: an event that this code does not know is one that it wants. */
  readonly wantsAll: boolean
  readonly handler: (event: never, about: About) => Effect.Effect<void, unknown, Services>
  readonly from: "beginning" | "now"
  readonly onError: OnError
  /** Absent: as `Limits` says. */
  readonly attempts?: number
  readonly delayMs?: number
  readonly scopes: ReadonlyArray<string>
}

/** A consumer whose contract and events are known to the compiler. */
export interface Consumer<C extends Contract.Any, T extends EventTag<C>> extends Any {
  readonly contract: C
  readonly events: ReadonlyArray<T>
}

/** Declares a consumer; its name is the key of all it remembers: another name begins anew. */
export const make = <C extends Contract.Any, const T extends EventTag<C> = EventTag<C>>(
  name: string,
  options: Options<C, T>,
): Consumer<C, T> => {
  if (!idPattern.test(name) || name.length > nameMax || name === router) {
    throw new Error(`a consumer cannot be named "${name}"`)
  }
  const { contract, from, handler, onError, scopes = [] } = options
  const events = options.events ?? Object.keys(contract.events) as ReadonlyArray<string> as ReadonlyArray<T>
  if (events.length === 0) throw new Error(`the consumer "${name}" wants no event`)
  for (const tag of events) {
    if (contract.events[tag] === undefined) throw new Error(`${contract.aggregate} has no event "${tag}"`)
  }
  const wantsAll = options.events === undefined
  return { name, contract, events, wantsAll, handler, from, scopes, ...tried(name, contract, events, onError) }
}

const attemptsMax = 20

const tried = (
  name: string,
  contract: Contract.Any,
  events: ReadonlyArray<string>,
  onError: ErrorPolicy,
): Pick<Any, "attempts" | "delayMs" | "onError"> => {
  if (typeof onError === "string") return { onError }
  const { policy, ...numbers } = onError
  const ofQueue = events.some((type) => Contract.routeOf(contract, type) === "secondary")
  const bounds = {
    attempts: policy === "retry" ? undefined : ofQueue ? receivesMax : attemptsMax,
    delayMs: defaults.handlerBackoffMaxMs,
  }
  for (const [word, value] of Object.entries(numbers) as ReadonlyArray<[keyof typeof bounds, number | undefined]>) {
    const max = bounds[word]
    const said = `the consumer "${name}" says ${word}: ${value} with onError`
    if (max === undefined) throw new Error(`${said}: "${policy}" has no such setting`)
    if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= max)) continue
    const why = word === "attempts" && ofQueue ? ", for a queue gives its secondary events no oftener" : ""
    throw new Error(`${said}: use a whole number from 1 to ${max}${why}`)
  }
  return { onError: policy, ...numbers }
}

/** Queues are named after consumers, and theirs are short. */
const nameMax = 64

/** As whom a handler commands: a service of the event's tenant, never of another, and with no scope but those declared. */
export const principalOf = ({ name, scopes }: Pick<Any, "name" | "scopes">, tenant: string): PrincipalShape => ({
  tenant,
  subject: `consumer:${name}`,
  scopes,
})

/** Whether a consumer is handed this event; what it is not handed counts as done. */
export const wants = (
  { contract, events, wantsAll }: Any,
  { aggregate, type }: Pick<StoredEvent, "aggregate" | "type">,
): boolean => aggregate === contract.aggregate && (wantsAll ? !type.startsWith("$") : events.includes(type))
