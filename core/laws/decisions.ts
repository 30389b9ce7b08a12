/**
 * What the policies of Nexus decide, as a table: who may do what with which scopes, on both sides of every rule.
 * @module
 */
import type { Action, Input } from "../PolicyEnforcer.ts"
import type { Rules } from "../PolicyEnforcerMemory.ts"

export const policy = "nexus.authorization"

export interface Case {
  readonly input: Input
  /** The rule that refuses it; `true` where it is allowed. */
  readonly answer: true | string
}

/** `Order.PlaceOrder`, a path, or nothing. */
const inputOf = (action: string, about: string, scopes: ReadonlyArray<string>, more: Partial<Input> = {}): Input => {
  const isPath = about.startsWith("/")
  const [aggregate = "", type = ""] = isPath ? [] : about.split(".")
  const path = isPath ? about : ""
  return {
    action: action as Action,
    app: "shop",
    aggregate,
    type,
    tenant: "t",
    subject: "alice",
    scopes,
    path,
    ...more,
  }
}

const one = (
  action: string,
  about: string,
  scopes: string,
  answer: true | string,
  more: Partial<Input> = {},
): Case => ({ input: inputOf(action, about, scopes === "" ? [] : scopes.split(" "), more), answer })

const others = "read history stream schemas:read policies:read dead-letters:read sagas:read ops"

export const cases: ReadonlyArray<Case> = [
  one("command", "Order.PlaceOrder", "commands:Order", true),
  one("command", "Order.PlaceOrder", "read commands:*", true),
  one("command", "Order.PlaceOrder", "commands:Order", true, { path: "/v1/Order/{id}/commands/PlaceOrder" }),
  one("command", "Order.PlaceOrder", "", "command-scope"),
  one("command", "Order.PlaceOrder", "commands:Orders commands:order commands: commands", "command-scope"),
  one("command", "Order.PlaceOrder", others, "command-scope"),
  one("command", "Order", "commands:*", "target-missing"),
  one("command", "/v1/Order/{id}", "commands:*", "target-missing"),
  one("append", "Order.OrderPlaced", "commands:Order", true),
  one("append", "Order.OrderPlaced", "commands:Payment", "append-scope"),
  one("append", "Order", "commands:*", "target-missing"),
  one("read", "Order", "read", true),
  one("read", "/v1/Order/{id}", "read", true),
  one("read", "/v1/Order/{id}", "commands:* history stream ops", "read-scope"),
  one("read", "/v1/schemas", "schemas:read", true),
  one("read", "/v1/schemas/{subject}/revisions", "read schemas:write", "schemas-read-scope"),
  one("read", "/v1/policies/violations", "policies:read", true),
  one("read", "/v1/policies/violations", "read ops", "policies-read-scope"),
  one("read", "/v1/dead-letters", "dead-letters:read", true),
  one("read", "/v1/dead-letters", "read", "dead-letters-read-scope"),
  one("read", "/v1/sagas/{id}", "sagas:read", true),
  one("read", "/v1/sagas/{id}", "read", "sagas-read-scope"),
  one("read", "/metrics", "ops", true),
  one("read", "/metrics", "read", "ops-scope"),
  one("read", "/v1/projections", "ops", true),
  one("read", "/v1/projections", "read", "ops-scope"),
  one("history", "Order", "history", true),
  one("history", "/v1/events", "read", "history-scope"),
  one("stream", "/v1/stream", "stream", true),
  one("stream", "/v1/stream", "read history", "stream-scope"),
  one("search", "/v1/views/{projection}/query", "read", true),
  one("search", "/v1/views/{projection}/query", "history", "search-scope"),
  one("publish", "Order.OrderPlaced", "publish", true),
  one("publish", "Order.OrderPlaced", "commands:*", "publish-scope"),
  one("publish", "Order.OrderPlaced", "publish", "publish-over-http", { path: "/v1/Order/{id}" }),
  one("publish", "Order", "publish", "target-missing"),
  one("redrive", "/v1/dead-letters/{id}/redrive", "dead-letters:operate", true),
  one("redrive", "/v1/dead-letters/{id}/redrive", "dead-letters:read ops", "redrive-scope"),
  one("operate", "/v1/dead-letters/{letter}/discard", "dead-letters:operate", true),
  one("operate", "/v1/dead-letters/{letter}/discard", "dead-letters:read ops", "redrive-scope"),
  one("operate", "/v1/schemas/{subject}/revisions", "schemas:write", true),
  one("operate", "/v1/schemas/{subject}/revisions", "schemas:read ops", "schemas-write-scope"),
  one("operate", "/v1/sagas/{id}/retry", "sagas:operate", true),
  one("operate", "/v1/sagas/{id}/retry", "sagas:read", "sagas-operate-scope"),
  one("operate", "/v1/schedules", "schedules:operate", true),
  one("operate", "/v1/schedules", "ops", "schedules-operate-scope"),
  one("operate", "/v1/projections/{name}/rebuild", "ops", true),
  one("operate", "/v1/projections/{name}/rebuild", "read", "ops-scope"),
  one("read", "Order", "read", "principal-incomplete", { tenant: "" }),
  one("read", "Order", "read", "principal-incomplete", { subject: "" }),
  one("own", "Order.PlaceOrder", "commands:*", "action-unknown"),
  one("", "Order.PlaceOrder", "commands:*", "action-unknown"),
]

/** Two questions are one iff all but the tenant is equal; a tenant counts as there or not. */
const keyOf = ({ tenant, ...input }: Input): string => JSON.stringify([tenant !== "", ...Object.values(input)])

const table = new Map(cases.map(({ answer, input }) => [keyOf(input), answer]))

/** The table as rules; what it does not name is denied. */
export const rules: Rules = (input) => {
  const answer = table.get(keyOf(input)) ?? "not-in-the-table"
  return answer === true ? true : { policy, rule: answer }
}
