/**
 * Whether a request may do what it wants: its token has a scope for it, and the policies, the application's too, agree.
 *
 * They are told the route, never the id or anything else of the caller's choice: whether something exists cannot be told
 * from the answer, and the few answers there are can be remembered.
 * @module
 */
import { Effect } from "effect"
import { Forbidden } from "../core/ActorError.ts"
import type { Limits } from "../core/Limits.ts"
import { type Action, type Denied, type Input, insist, type Shape as Enforcer } from "../core/PolicyEnforcer.ts"
import type { Shape as Principal } from "../core/Principal.ts"

/** What a request wants to do; `type` is the command's name. */
export type Asked = Pick<Input, "action" | "aggregate" | "type" | "path">

/** Succeeds where the principal holds one of the scopes, of which there is at least one, and the policies allow it. */
export type Permit = (
  asked: Asked,
  principal: Principal,
  scopes: ReadonlyArray<string>,
) => Effect.Effect<void, Forbidden | Denied>

export const make = (app: string, enforcer: Enforcer, limits: Limits): Permit => {
  const enforce = insist(enforcer, limits.remoteDecisionMs)
  const shownMax = Math.max(1, Math.floor(limits.remoteDecisions / 4))
  let shown = 0
  /**
   * What lacks a scope is shown to the policies all the same, for they keep what they refuse; nobody waits for them. A
   * flood of it leaves an engine elsewhere to those who have a scope: then some are not kept.
   */
  const show = (input: Input): Effect.Effect<unknown> =>
    Effect.suspend(() => {
      if (shown >= shownMax) return Effect.void
      shown++
      return Effect.forkDetach(Effect.ensuring(Effect.ignoreCause(enforce(input)), Effect.sync(() => shown--)))
    })
  return (asked, { scopes: held, subject, tenant }, scopes) => {
    const input: Input = { ...asked, app, tenant, subject, scopes: held }
    if (!scopes.some((scope) => held.includes(scope))) {
      return Effect.andThen(show(input), Effect.fail(new Forbidden({ scope: scopes[0]! })))
    }
    return enforcer.known(input) === true ? Effect.void : enforce(input)
  }
}

/** `/v1/Order/:id` is `/v1/Order/{id}`, as the documents write it. */
export const template = (path: string): string => path.replaceAll(/:(\w+)/g, "{$1}")

/** What a route does where it does not say: whoever only looks reads, whoever changes something operates. */
export const usual = (method: string): Action => method === "GET" ? "read" : "operate"
