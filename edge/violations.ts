/**
 * The route to what the policies refused: the caller's tenant alone, the newest first.
 * @module
 */
import { Effect, Schema } from "effect"
import type { Limits } from "../core/Limits.ts"
import { Violations } from "../core/Violations.ts"
import { badCursor, bounded, cursorOf, limitOf, pageOf, unavailable } from "./page.ts"
import * as query from "./query.ts"
import { type Call, ok, type Route } from "./route.ts"

const { Int, NullOr, String } = Schema

const Violation = Schema.Struct({
  time: Int.annotate({ description: "When it was refused, in milliseconds since 1970." }),
  policy: String.annotate({
    description:
      "`nexus.authorization`, the package of the application's own rules, or `no-decision`: the engine failed, and `rule` says how.",
  }),
  rule: String,
  action: String,
  aggregate: String.annotate({ description: "Empty where the action was about none." }),
  type: String.annotate({ description: "The command's name, or the event's; empty where there is none." }),
  subject: String.annotate({ description: "What it was about: `Order.PlaceOrder`, or the template of the route." }),
  principal: String.annotate({ description: "The subject of the token." }),
  inputDigest: String.annotate({ description: "SHA-256 of the question: equal questions have equal ones." }),
  bundle: String.annotate({
    description:
      "SHA-256 of the compiled policies that refused, or `remote`; of all that were asked, joined by `+`, where none decided.",
  }),
})

const Body = Schema.Struct({
  violations: Schema.Array(Violation),
  cursor: NullOr(String).annotate({ description: "Continues the listing; null at the end." }),
})

export const routes = (limits: Limits): ReadonlyArray<Route> => [{
  method: "GET",
  path: "/v1/policies/violations",
  scopes: ["policies:read"],
  operation: {
    operationId: "violations",
    summary: "What the policies refused the tenant's principals, the newest first",
    parameters: [limitOf(limits), cursorOf],
    errors: ["Unavailable", "TimedOut"],
    ok: { mediaType: "application/json", description: "A page of violations.", schema: Body },
  },
  handle: Effect.fnUntraced(
    function* (call: Call) {
      const limit = yield* query.integer(call.query, "limit", pageOf(limits))
      const violations = yield* Violations
      const page = yield* violations.list(call.principal.tenant, call.query.get("cursor"), limit)
      return ok(JSON.stringify({
        violations: page.items.map(({ tenant: _, ...one }) => one),
        cursor: page.cursor ?? null,
      }))
    },
    bounded(limits),
    Effect.catchTag("StoreUnavailable", unavailable),
    Effect.catchTag("BadCursor", badCursor),
  ),
}]
