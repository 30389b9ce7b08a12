/**
 * The port to the limiter of temporal queries: so many a client in any window, shared by all processes on one store.
 *
 * The rule is here, as a pure function; an adapter makes it atomic and durable. Its laws (`QueryLimiter.laws.ts`) are run
 * by every adapter, its memory layer is the specification.
 * @module
 */
import { Context, type Effect } from "effect"
import type { StoreUnavailable } from "./EventStore.ts"
import type { Limits } from "./Limits.ts"

/** Who is limited. */
export interface Client {
  readonly tenant: string
  readonly subject: string
}

export type Verdict =
  | { readonly _tag: "Admitted" }
  /** Nothing was consumed. Asked again after so long, and not before, the client is admitted if nobody came between. */
  | { readonly _tag: "Refused"; readonly retryAfterMs: number }

export interface Shape {
  /**
   * Admits iff fewer than `queries` admissions of the client lie in `(t - queryWindowMs, t]`, t being the later of the
   * clock and the client's newest admission, and remembers the admission at t. One atomic step; a refusal writes nothing.
   * `StoreUnavailable`: nobody is admitted, yet where a commit was lost the admission may count.
   */
  readonly admit: (client: Client) => Effect.Effect<Verdict, StoreUnavailable>
}

export class QueryLimiter extends Context.Service<QueryLimiter, Shape>()("nexus/core/QueryLimiter") {}

/** Unambiguous, because no tenant contains a slash. */
export const keyOf = ({ subject, tenant }: Client): string => `${tenant}/${subject}`

export type Rule = Pick<Limits, "queries" | "queryWindowMs" | "queryMemoryMs">

/** What becomes of a client that asks at `nowMs`: its admissions with the new one, or how long it has to wait. */
export type Ruling =
  | { readonly _tag: "Admitted"; readonly admissions: ReadonlyArray<number> }
  | { readonly _tag: "Refused"; readonly retryAfterMs: number }

/** The rule. `admissions` are the client's own, ascending; those that no longer count are dropped from the answer. */
export const rule = (
  admissions: ReadonlyArray<number>,
  nowMs: number,
  { queries, queryWindowMs }: Rule,
): Ruling => {
  const t = Math.max(nowMs, admissions.at(-1) ?? nowMs)
  const counted = admissions.filter((at) => at > t - queryWindowMs)
  if (counted.length < queries) return { _tag: "Admitted", admissions: [...counted, t] }
  // Once this one leaves the window, there is room. Without any (`queries` is 0) there never is.
  const leaves = counted[counted.length - queries] ?? t
  return { _tag: "Refused", retryAfterMs: leaves + queryWindowMs - nowMs }
}

/** Clients whose newest admission is older are forgotten. */
export const rememberedFrom = (nowMs: number, { queryMemoryMs, queryWindowMs }: Rule): number =>
  nowMs - Math.max(queryMemoryMs, queryWindowMs)
