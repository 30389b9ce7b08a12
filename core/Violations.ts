/**
 * The port to what the policies refused: kept a while, newest first, so that somebody can look what was tried.
 *
 * It holds no payload. Its laws (`Violations.laws.ts`) are run by every adapter; the memory layer is the specification.
 * @module
 */
import { Context, type Effect } from "effect"
import type { BadCursor, Page, StoreUnavailable } from "./EventStore.ts"
import { canonical } from "./Fingerprint.ts"
import type { Action, Input } from "./PolicyEnforcer.ts"

export interface Violation {
  /** When it was refused, in milliseconds since 1970. */
  readonly time: number
  /** `nexus.authorization`, the package of the application's own rules, or `no-decision`: none could be had. */
  readonly policy: string
  readonly rule: string
  readonly action: Action
  /** Empty where the action was about none. */
  readonly aggregate: string
  /** The command's name, or the event's. */
  readonly type: string
  /** What it was about in one text: `Order.PlaceOrder`, or the template of the route. */
  readonly subject: string
  readonly tenant: string
  /** Who asked, within the tenant. */
  readonly principal: string
  /** SHA-256 in lower-case hexadecimal of the input's canonical JSON: equal questions have equal ones. */
  readonly inputDigest: string
  /** Which rules answered: the SHA-256 of the compiled bundle, or `remote`; where none did all of them, joined by `+`. */
  readonly bundle: string
}

export interface Shape {
  /**
   * Keeps them, all or none, in this order; more than one transaction of the store holds, part by part. One leaves again
   * once `Limits.violations` newer ones of its tenant or `Limits.violationsOfAll` newer ones of all tenants were kept, or
   * after `Limits.violationMs` where the store has no order of all. Where a commit was lost they may be kept or not.
   */
  readonly keep: (violations: ReadonlyArray<Violation>) => Effect.Effect<void, StoreUnavailable>
  /** Those of one tenant, the newest first; a cursor continues behind the last item, whatever comes in front. */
  readonly list: (
    tenant: string,
    cursor: string | undefined,
    limit: number,
  ) => Effect.Effect<Page<Violation>, StoreUnavailable | BadCursor>
}

export class Violations extends Context.Service<Violations, Shape>()("nexus/core/Violations") {}

const subjectOf = ({ action, aggregate, path, type }: Input): string =>
  aggregate !== "" ? (type === "" ? aggregate : `${aggregate}.${type}`) : path !== "" ? path : action

/** The violation that a denial is. */
export const of = (
  input: Input,
  { policy, rule }: { readonly policy: string; readonly rule: string },
  about: { readonly time: number; readonly bundle: string; readonly hash: (text: string) => string },
): Violation => ({
  time: about.time,
  policy,
  rule,
  action: input.action,
  aggregate: input.aggregate,
  type: input.type,
  subject: subjectOf(input),
  tenant: input.tenant,
  principal: input.subject,
  inputDigest: about.hash(canonical(input)),
  bundle: about.bundle,
})
