/**
 * A client of a Nexus application, typed by its contracts alone: no schema and no Effect comes along.
 *
 * Names become paths as they are asked for, so that nothing of a contract is needed when the program runs.
 * @module
 */
import type { Schema } from "effect"
import type * as Contract from "../../schemas/Contract.ts"
import * as bounds from "./bounds.ts"
import { type Accepted, type CommandOptions, type Rejected, send } from "./commands.ts"
import * as Connection from "./Connection.ts"
import type { Wish } from "./frames.ts"
import type { Http } from "./http.ts"
import * as live from "./live.ts"
import { failure } from "./NexusError.ts"
import { checked, namePattern } from "./paths.ts"
import { here, type Platform, type SocketConstructor } from "./Platform.ts"
import * as reads from "./reads.ts"
import { make as makeTokens, type Token } from "./tokens.ts"
import type { EventOf, Json, PayloadOf, Placed, RejectionOf, Wire } from "./wire.ts"

/** A contract under its own name, alone or with the schema of the state that a read answers. */
export type Contracts<C> = {
  readonly [K in keyof C]: Named<K> | { readonly contract: Named<K>; readonly state: Schema.Constraint }
}
type Named<K> = Contract.Any & { readonly aggregate: K }
type ContractOf<T> = T extends { readonly contract: infer C extends Contract.Any } ? C
  : T extends Contract.Any ? T
  : never
type StateOf<T> = T extends { readonly contract: Contract.Any; readonly state: infer S extends Schema.Constraint }
  ? Wire<S["Encoded"]>
  : Json

/** Accepted, or refused by one of that command's rejections. */
export type Answer<C extends Contract.Any, K extends keyof C["commands"]> =
  | Accepted<C["aggregate"], keyof C["events"] & string>
  | Rejected<RejectionOf<C["commands"][K]["rejections"][number]>>

type Sent<P> = {} extends P ? [payload?: P, options?: CommandOptions] : [payload: P, options?: CommandOptions]

export type Instance<C extends Contract.Any, S> =
  & {
    readonly [
      /** Resolves once the outcome is known and durable; throws a `NexusError` for every other refusal. */
      K in keyof C["commands"]
    ]: (...sent: Sent<PayloadOf<C["commands"][K]>>) => Promise<Answer<C, K>>
  }
  & {
    /** Nothing where nothing is stored, or was at that time. Scope `read`; `history` for the past. */
    readonly state: (options?: reads.StateOptions) => Promise<reads.StateAnswer<C["aggregate"], S> | undefined>
    /** Pages of its history, in order. Scope `history`. */
    readonly events: (options?: reads.HistoryOptions) => AsyncIterable<reads.HistoryPage<C["aggregate"], EventOf<C>>>
  }

export interface Aggregate<C extends Contract.Any, S> {
  (id: string): Instance<C, S>
  /** Pages of the ids there are. Scope `read`. */
  readonly instances: (options?: reads.ListOptions) => AsyncIterable<reads.InstancesPage<C["aggregate"]>>
  /** Its events as they happen. Scope `stream`. */
  readonly live: (options?: live.LiveOfOptions<keyof C["events"] & string>) => live.Live<Placed<C>>
}

type Every<C> = { readonly [K in keyof C]: Placed<ContractOf<C[K]>> }[keyof C]

export type Client<C> =
  & { readonly [K in keyof C]: Aggregate<ContractOf<C[K]>, StateOf<C[K]>> }
  & {
    /** Pages of the tenant's events between two times, at most 90 days. Scope `history`. */
    readonly events: (options: reads.RangeOptions<keyof C & string>) => AsyncIterable<reads.RangePage<Every<C>>>
    /** The tenant's events as they happen. Scope `stream`. */
    readonly live: (options?: live.LiveOptions) => live.Live<Every<C>>
    /** Ends all live subscriptions and the socket. */
    readonly close: () => void
  }

export interface ConnectOptions {
  /** Of the server, with whatever stands before `/v1`. */
  readonly url: string
  readonly token: Token
  readonly fetch?: Platform["fetch"]
  /** Needed on Node before 22, for `live` alone: that of the package `ws`, say. */
  readonly webSocket?: SocketConstructor
  readonly bounds?: Partial<bounds.Bounds>
}

/** Names of the client's own begin small, aggregates and commands with a capital: what else is asked for is not there. */
const byName = <A>(target: object, make: (name: string) => A): object => {
  const made = new Map<string, A>()
  return new Proxy(target, {
    get: (own, name) => {
      if (typeof name !== "string" || !namePattern.test(name)) return Reflect.get(own, name)
      let value = made.get(name)
      if (value === undefined) made.set(name, value = make(name))
      return value
    },
  })
}

const clientOf = (http: Http): object => {
  const connection = Connection.make(http)
  const subscribe = (wish: Promise<Wish>, signal: AbortSignal | undefined) =>
    live.make(connection, http.bounds, wish, signal)

  const aggregate = (name: string) => {
    const path = `/v1/${name}`
    const instance = (id: string) => {
      const at = `${path}/${checked("id", id)}`
      return byName(
        {
          state: (options?: reads.StateOptions) => reads.state(http, at, options),
          events: (options?: reads.HistoryOptions) => reads.history(http, at, options),
        },
        (command) => (payload: unknown, options?: CommandOptions) =>
          send(http, `${at}/commands/${command}`, payload, options),
      )
    }
    /** "From now on" by version: a cut before the first event would otherwise leave nothing to go on from. */
    const versionOf = async (id: string, signal: AbortSignal | undefined): Promise<number> => {
      const found = await reads.state(http, `${path}/${checked("id", id)}`, { ...signal && { signal } })
      return (found as { readonly version: number } | undefined)?.version ?? 0
    }
    const wishOf = async ({ after, ids, signal, types }: live.LiveOfOptions): Promise<Wish> => {
      const wish = { aggregate: name, ...types && { types }, ...after !== undefined && { after } }
      if (ids === undefined) return wish
      if (after !== undefined) throw failure("invalid-query", "give `ids` or `after`, not both")
      const known: Record<string, number> = {}
      for (const [id, version] of Object.entries(ids)) known[id] = version ?? await versionOf(id, signal)
      return { ...wish, ids: known }
    }
    return Object.assign(instance, {
      instances: ({ signal, ...page }: reads.ListOptions = {}) => reads.listing(http, path, { ...page }, signal),
      live: (options: live.LiveOfOptions = {}) => subscribe(wishOf(options), options.signal),
    })
  }
  return byName({
    events: ({ signal, ...range }: reads.RangeOptions<string>) =>
      reads.listing(http, "/v1/events", { ...range }, signal),
    live: ({ after, signal, types }: live.LiveOptions = {}) =>
      subscribe(Promise.resolve({ ...types && { types }, ...after !== undefined && { after } }), signal),
    close: connection.close,
  }, aggregate)
}

/** `connect`, on a platform of the test's own. */
export const connectOn = <C extends Contracts<C>>(platform: Platform, options: ConnectOptions): Client<C> =>
  clientOf({
    platform,
    url: options.url.replace(/\/+$/, ""),
    tokens: makeTokens(options.token),
    bounds: { ...bounds.defaults, ...options.bounds },
  }) as Client<C>

/** A client of the application at `url`, typed by its contracts: `connect<{ Order: typeof Order }>({ url, token })`. */
export const connect = <C extends Contracts<C>>(options: ConnectOptions): Client<C> =>
  connectOn<C>(here(options), options)
