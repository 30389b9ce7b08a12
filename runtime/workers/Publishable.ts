/**
 * What must be true of a stored event before it is sent to anybody: its path is known, a registered schema allows it, and
 * the policies let the router publish it.
 * @module
 */
import { Effect } from "effect"
import type { App } from "../../core/App.ts"
import { type StoredEvent, tombstone } from "../../core/EventStore.ts"
import { Limits } from "../../core/Limits.ts"
import { type Input, insist, PolicyEnforcer } from "../../core/PolicyEnforcer.ts"
import type { CachedRegistry } from "../CachedRegistry.ts"
import * as Routable from "../Routable.ts"

export type Verdict =
  | { readonly _tag: "Yes" }
  /** Not before a person has acted. By name and place; never a value. */
  | { readonly _tag: "No"; readonly error: string; readonly isInvalid: boolean }
  /** Nobody could be asked, or newer code has to say on which path it travels. */
  | { readonly _tag: "Later"; readonly reason: string }
export type Publishable = (event: StoredEvent) => Effect.Effect<Verdict>

const yes: Verdict = { _tag: "Yes" }
const no = (isInvalid: boolean, ...error: ReadonlyArray<string>): Effect.Effect<Verdict> =>
  Effect.succeed({ _tag: "No", isInvalid, error: error.filter((part) => part !== "").join(" ") })
const later = (reason: string): Effect.Effect<Verdict> => Effect.succeed({ _tag: "Later", reason })

export const make = Effect.fnUntraced(function* (
  app: App,
): Effect.fn.Return<Publishable, never, CachedRegistry | PolicyEnforcer> {
  const routable = yield* Routable.make
  const enforcer = yield* PolicyEnforcer
  const { remoteDecisionMs } = yield* Limits
  const enforce = insist(enforcer, remoteDecisionMs)
  const inputOf = ({ aggregate, tenant, type }: StoredEvent): Input => ({
    ...{ action: "publish", app: app.name, aggregate, type, tenant, subject: "router", scopes: ["publish"], path: "" },
  })

  const isKnown = ({ aggregate, type }: StoredEvent): boolean =>
    type === tombstone.type || app.aggregates[aggregate]?.contract.events[type] !== undefined

  return (event) => {
    // During a deploy newer code writes already. Sent by the ordered bus, a secondary event would reach no queue, ever.
    if (!isKnown(event)) return later(`the contract does not know ${event.aggregate}.${event.type}`)
    return Effect.suspend(() => {
      const input = inputOf(event)
      const allowed = enforcer.known(input) === true ? Effect.void : Effect.suspend(() => enforce(input))
      return Effect.as(Effect.andThen(routable(event), allowed), yes)
    }).pipe(
      Effect.catchTags({
        EventInvalid: ({ issues: [issue], subject }) => no(true, "EventInvalid", subject, issue?.pointer ?? ""),
        SchemaNotRegistered: ({ subject }) => no(true, "SchemaNotRegistered", subject),
        PolicyDenied: ({ policy, rule }) => no(false, "PolicyDenied", policy, rule),
        RegistryUnavailable: ({ reason }) => later(`registry: ${reason}`),
        PolicyUnavailable: () => later("the policies cannot be asked"),
      }),
    )
  }
})
