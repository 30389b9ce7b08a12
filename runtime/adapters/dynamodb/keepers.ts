/**
 * The small ports on DynamoDB, beside the event store: two tables serve them all, one written all the time, one now and
 * then.
 * @module
 */
import { Context, Effect } from "effect"
import { DeadLetters } from "../../../core/DeadLetters.ts"
import { Leases } from "../../../core/Leases.ts"
import { Progress } from "../../../core/Progress.ts"
import { QueryLimiter } from "../../../core/QueryLimiter.ts"
import { SchemaRegistry } from "../../../core/SchemaRegistry.ts"
import { Violations } from "../../../core/Violations.ts"
import type { Calls } from "./calls.ts"
import * as Letters from "./deadLetters.ts"
import * as Leased from "./leases.ts"
import * as Marks from "./progress.ts"
import * as Queries from "./queryLimiter.ts"
import * as Registry from "./registry.ts"
import { make as rowsOf } from "./rows.ts"
import * as Refused from "./violations.ts"

export type Keepers = DeadLetters | Leases | Progress | QueryLimiter | SchemaRegistry | Violations

export const make = Effect.fnUntraced(function* (calls: Calls): Effect.fn.Return<Context.Context<Keepers>> {
  const [consumption, control] = [rowsOf(calls, "consumption"), rowsOf(calls, "control")]
  return Context.make(Leases, yield* Leased.make(consumption)).pipe(
    Context.add(Progress, Marks.make(consumption)),
    Context.add(DeadLetters, Letters.make(consumption)),
    Context.add(QueryLimiter, yield* Queries.make(control)),
    Context.add(SchemaRegistry, yield* Registry.make(control)),
    Context.add(Violations, yield* Refused.make(control)),
  )
})
