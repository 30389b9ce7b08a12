/**
 * The routes that an application has by itself, and what policies are told of them, from the very values that are served.
 * @module
 */
import type { App } from "../core/App.ts"
import type { Limits } from "../core/Limits.ts"
import * as commands from "./commands.ts"
import * as reads from "./reads.ts"
import type { Limit, Route } from "./route.ts"

export const routes = (app: App, limits: Limits): ReadonlyArray<Route> => [
  ...commands.routes(app, limits),
  ...reads.routes(app, limits),
]

/** A query that holds one of these asks after the past. */
const ofThePast = new Set(["asOf", "version", "from", "to"])

export interface RouteFact {
  readonly method: string
  readonly path: string
  /** Its query may ask for a state at a time or version, or for a time range. */
  readonly temporal: boolean
  /** What its handler is held to; null where nothing is. */
  readonly limit: Limit | null
}

export const factOf = ({ limit, method, operation: { parameters }, path }: Route): RouteFact => ({
  method,
  path,
  temporal: parameters.some((parameter) => parameter.in === "query" && ofThePast.has(parameter.name)),
  limit: limit ?? null,
})
