/**
 * The small ports on DynamoDB, beside the event store: two tables serve them all, one written all the time, one now and
 * then.
 * @module
 */
import { Clock, Context, Effect } from "effect"
import { DeadLetters } from "../../../core/DeadLetters.ts"
import { Leases } from "../../../core/Leases.ts"
import { Limits } from "../../../core/Limits.ts"
import { Progress } from "../../../core/Progress.ts"
import { QueryLimiter } from "../../../core/QueryLimiter.ts"
import { SchemaRegistry } from "../../../core/SchemaRegistry.ts"
import { Violations } from "../../../core/Violations.ts"
import * as Retry from "../aws/Retry.ts"
import * as Letters from "./deadLetters.ts"
import * as Leased from "./leases.ts"
import * as Marks from "./progress.ts"
import * as Queries from "./queryLimiter.ts"
import * as Registry from "./registry.ts"
import { type Access, make as rowsOf } from "./rows.ts"
import * as Refused from "./violations.ts"

export type Keepers = DeadLetters | Leases | Progress | QueryLimiter | SchemaRegistry | Violations

/** Calls keep to the clock of now, whatever time a caller lives in. */
export const make = Effect.fnUntraced(function* (
  sdk: Access["sdk"],
  client: Access["client"],
  prefix: string,
): Effect.fn.Return<Context.Context<Keepers>> {
  const [limits, clock] = [yield* Limits, yield* Clock.Clock]
  const retried = Retry.make(Retry.policyOf(limits), Retry.budgetOf(limits))
  const call: Retry.Call = (send, how) => Effect.provideService(retried(send, how), Clock.Clock, clock)
  const access = { sdk, client, prefix, call, clock }
  const [consumption, control] = [rowsOf(access, "consumption"), rowsOf(access, "control")]
  return Context.make(Leases, yield* Leased.make(consumption)).pipe(
    Context.add(Progress, Marks.make(consumption)),
    Context.add(DeadLetters, Letters.make(consumption)),
    Context.add(QueryLimiter, yield* Queries.make(control)),
    Context.add(SchemaRegistry, yield* Registry.make(control)),
    Context.add(Violations, yield* Refused.make(control)),
  )
})
