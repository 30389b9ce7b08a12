/**
 * The question to the policies behind every request that needs a scope: the token may, and the application's rules, too.
 *
 * It names the route, never the id or anything else of the caller's choice: whether something exists cannot be told from
 * the answer, and the few answers there are can be remembered.
 * @module
 */
import { Effect } from "effect"
import type { Limits } from "../core/Limits.ts"
import { type Action, type Denied, type Input, insist, type Shape as Enforcer } from "../core/PolicyEnforcer.ts"
import type { Shape as Principal } from "../core/Principal.ts"

/** What a request wants to do; `type` is the command's name. */
export type Asked = Pick<Input, "action" | "aggregate" | "type" | "path">

/** Succeeds where the policies allow it. */
export type Permit = (asked: Asked, principal: Principal) => Effect.Effect<void, Denied>

export const make = (app: string, enforcer: Enforcer, { remoteDecisionMs }: Limits): Permit => {
  const enforce = insist(enforcer, remoteDecisionMs)
  return (asked, { scopes, subject, tenant }) => {
    const input: Input = { ...asked, app, tenant, subject, scopes }
    return enforcer.known(input) === true ? Effect.void : enforce(input)
  }
}

/** `/v1/Order/:id` is `/v1/Order/{id}`, as the documents write it. */
export const template = (path: string): string => path.replaceAll(/:(\w+)/g, "{$1}")

/** What a route does where it does not say: whoever only looks reads, whoever changes something operates. */
export const usual = (method: string): Action => method === "GET" ? "read" : "operate"
