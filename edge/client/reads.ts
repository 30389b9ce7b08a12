/**
 * States and pages: what is stored, now and at any time.
 * @module
 */
import { type Http, request } from "./http.ts"
import { NexusError } from "./NexusError.ts"
import { query, type Time } from "./paths.ts"

/** The newest state, or that after `version` events, or that at the time `asOf`. */
export interface StateOptions {
  readonly version?: number
  readonly asOf?: Time
  readonly signal?: AbortSignal
}

export interface StateAnswer<Name extends string, S> {
  readonly aggregate: Name
  readonly id: string
  readonly version: number
  /** Of the last event that it shows; milliseconds since 1970. */
  readonly recordedAt: number
  readonly state: S
  readonly position: string
  /** The time that was asked for, where one was. */
  readonly asOf?: number
}

export interface PageOptions {
  /** Items of a page at most. */
  readonly limit?: number
  readonly signal?: AbortSignal
}

export interface HistoryOptions extends PageOptions {
  readonly fromVersion?: number
}

export interface HistoryPage<Name extends string, E> {
  readonly aggregate: Name
  readonly id: string
  readonly events: ReadonlyArray<E>
  /** Where the next page begins; null at the end. */
  readonly nextVersion: number | null
}

export interface ListOptions extends PageOptions {
  /** Of the page before. */
  readonly cursor?: string
}

export interface InstancesPage<Name extends string> {
  readonly aggregate: Name
  readonly instances: ReadonlyArray<{ readonly id: string }>
  readonly cursor: string | null
}

export interface RangeOptions<Name extends string> extends ListOptions {
  readonly from: Time
  readonly to: Time
  readonly aggregate?: Name
}

export interface RangePage<E> {
  /** Milliseconds since 1970, as `to` and `settled`. */
  readonly from: number
  readonly to: number
  /** Up to here nothing can be added any more. */
  readonly settled: number
  readonly events: ReadonlyArray<E>
  readonly cursor: string | null
}

const nothing = ["not-found", "before-first-event"]

/** The answer, or nothing where nothing is stored, or was at that time. */
const find = async (http: Http, path: string, signal: AbortSignal | undefined): Promise<unknown> => {
  try {
    return await request(http, { method: "GET", path, signal })
  } catch (error) {
    if (error instanceof NexusError && nothing.includes(error.type)) return undefined
    throw error
  }
}

export const state = (http: Http, path: string, { asOf, signal, version }: StateOptions = {}): Promise<unknown> =>
  find(http, path + query({ asOf, version }), signal)

/** Pages of events of one instance; none where nothing is stored. */
export async function* history(http: Http, path: string, options: HistoryOptions = {}): AsyncGenerator<unknown> {
  const { limit, signal } = options
  let fromVersion: number | null = options.fromVersion ?? 1
  while (fromVersion !== null) {
    const page = await find(http, `${path}/events${query({ fromVersion, limit })}`, signal)
    if (page === undefined) return
    yield page
    fromVersion = (page as HistoryPage<string, unknown>).nextVersion
  }
}

/** Pages of a listing that goes on by cursor. */
export async function* listing(
  http: Http,
  path: string,
  parameters: { readonly [name: string]: Time | undefined },
  signal: AbortSignal | undefined,
): AsyncGenerator<unknown> {
  let { cursor } = parameters
  do {
    const page = await request(http, { method: "GET", path: path + query({ ...parameters, cursor }), signal })
    yield page
    cursor = (page as { readonly cursor: string | null }).cursor ?? undefined
  } while (cursor !== undefined)
}
