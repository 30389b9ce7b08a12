/**
 * A route as data: the app serves it, the OpenAPI document describes it, from the same value.
 * @module
 */
import { Effect, type Schema } from "effect"
import type { Actors } from "../core/Actors.ts"
import type { DeadLetters } from "../core/DeadLetters.ts"
import type { EventStore } from "../core/EventStore.ts"
import type { Leases } from "../core/Leases.ts"
import type { Limits } from "../core/Limits.ts"
import type { Action, PolicyEnforcer } from "../core/PolicyEnforcer.ts"
import type { Shape as Principal } from "../core/Principal.ts"
import type { QueryLimiter } from "../core/QueryLimiter.ts"
import type { SchemaRegistry } from "../core/SchemaRegistry.ts"
import type { Violations } from "../core/Violations.ts"
import type { Tail } from "../runtime/Tail.ts"
import type { TimeTravel } from "../runtime/TimeTravel.ts"
import type { AnyCommand } from "../schemas/Command.ts"
import { type Asked, template, usual } from "./permit.ts"
import type { Answer, Failure } from "./refuse.ts"

/** As much of a `Request` as the edge uses, so that a listener may spare itself the rest. */
export interface EdgeRequest {
  readonly method: string
  readonly url: string
  readonly headers: {
    readonly get: (name: string) => string | null
    readonly forEach: (f: (value: string, name: string) => void) => void
    /** Of all lines as they came; absent: nobody knows more than `forEach` tells. */
    readonly bytes?: number
  }
  readonly body: {
    readonly getReader: () => {
      readonly read: () => Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
      readonly cancel: () => Promise<void>
    }
  } | null
}

/** A request that passed the route's guards. */
export interface Call {
  readonly request: EdgeRequest
  /** The first named part of the path, empty where the route has none; it fits the id rule where it is called `id`. */
  readonly id: string
  /** The second, as it came. */
  readonly part: string
  /** The parameters of the query, each of them known to the route. */
  readonly query: ReadonlyMap<string, string>
  /** The idempotency key; it fits the id rule. */
  readonly commandId: string | undefined
  readonly principal: Principal
}

export interface Parameter {
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly description: string
  readonly schema: Schema.Constraint
  /** Parts of a path always are. */
  readonly required?: true
}

/** What a client may learn of a route. */
export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly parameters: ReadonlyArray<Parameter>
  /** The command whose payload is the body, and whose rejections may be answered. */
  readonly command?: AnyCommand
  /** The body, where it is no command's payload. */
  readonly body?: Schema.Constraint
  /** Tags of the errors that this route answers beside those of its guards. */
  readonly errors: ReadonlyArray<string>
  readonly ok: {
    readonly description: string
    readonly mediaType: string
    readonly schema: Schema.Constraint
    readonly etag?: boolean
  }
}

/** What a route may need of its surroundings. */
export type Services =
  | Actors
  | DeadLetters
  | EventStore
  | Leases
  | PolicyEnforcer
  | QueryLimiter
  | SchemaRegistry
  | Tail
  | TimeTravel
  | Violations

/** So many questions of one client in any window. */
export type Limit = Pick<Limits, "queries" | "queryWindowMs">

export interface Route {
  readonly method: "GET" | "POST"
  /** As Hono writes it, with at most two named parts: `/v1/Order/:id`. */
  readonly path: string
  /** The scopes of which one is needed, the narrowest first; none where the route is open. */
  readonly scopes: ReadonlyArray<string>
  /** What the policies are asked; a route that says nothing reads (GET) or operates, about no aggregate. */
  readonly asks?: { readonly action: Action; readonly aggregate?: string; readonly type?: string }
  /** Of these the query's parameter `aggregate` may name one: the policies are asked about that one, else about none. */
  readonly aggregates?: ReadonlyArray<string>
  /** Where the query holds one of these parameters it is another action, and other scopes, of which one is needed. */
  readonly instead?: {
    readonly parameters: ReadonlyArray<string>
    readonly scopes: ReadonlyArray<string>
    readonly action: Action
  }
  /** Draining refuses work, not questions after the process's health. */
  readonly whileDraining?: boolean
  /** What its questions after the past are held to: made by `temporal.limited` together with the handler that asks first. */
  readonly limit?: Limit
  readonly operation: Operation
  readonly handle: (call: Call) => Effect.Effect<Answer, Failure, Services>
}

/** What of a route a request meets; a path without a route has as much. */
export interface Served {
  readonly method: string
  readonly path: string
  readonly scopes: ReadonlyArray<string>
  readonly asks: Asked
  readonly aggregates?: Route["aggregates"]
  readonly instead?: Route["instead"]
  readonly whileDraining: boolean
  /** Asked for again and again by machines: not worth a line of the log. */
  readonly routine: boolean
  readonly hasId: boolean
  /** The names that its query may hold; absent: whatever it holds does not matter. */
  readonly query: ReadonlyArray<string> | undefined
  readonly command: AnyCommand | undefined
  readonly handle: Route["handle"]
}

export const served = (
  { aggregates, asks, handle, instead, method, operation, path, scopes, whileDraining = false }: Route,
): Served => ({
  method,
  path,
  scopes,
  asks: { action: usual(method), aggregate: "", type: "", ...asks, path: template(path) },
  ...aggregates && { aggregates },
  ...instead && { instead },
  whileDraining,
  routine: whileDraining,
  hasId: path.includes("/:id"),
  query: operation.parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name),
  command: operation.command,
  handle,
})

/** Answers with one refusal whatever comes; `path` is what telemetry calls it. */
export const refusing = (path: string, failure: Failure): Served => ({
  method: "*",
  path,
  scopes: [],
  asks: { action: "read", aggregate: "", type: "", path },
  whileDraining: true,
  routine: false,
  hasId: false,
  query: undefined,
  command: undefined,
  handle: () => Effect.fail(failure),
})

const json = { "content-type": "application/json" }

/** A good answer; a version, or a hash, is its entity tag. */
export const ok = (body: string, version?: number | string): Answer => ({
  status: 200,
  headers: version === undefined ? json : { ...json, etag: `"${version}"` },
  body,
})

/** 304 where the caller has it already. */
export const unlessKnown = ({ request }: Call, answer: Answer): Answer => {
  const { "content-type": _, ...headers } = answer.headers
  return request.headers.get("if-none-match") === headers["etag"] ? { status: 304, headers, body: null } : answer
}
