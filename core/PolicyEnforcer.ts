/**
 * The port to the policies: whether somebody may do something. Anything but a clear yes is no.
 *
 * Its laws (`PolicyEnforcer.laws.ts`) are run by every layer.
 * @module
 */
import { Context, Effect, Schema } from "effect"

export type Action =
  | "command"
  | "read"
  | "history"
  | "stream"
  | "search"
  | "append"
  | "publish"
  | "redrive"
  | "operate"

/** All that a policy is told; no payload, so that the few answers there are can be remembered. */
export interface Input {
  readonly action: Action
  /** The name of the application. */
  readonly app: string
  /** Empty where the action is about none. */
  readonly aggregate: string
  /** The command's name, or the event's. */
  readonly type: string
  readonly tenant: string
  readonly subject: string
  readonly scopes: ReadonlyArray<string>
  /** The template of the route: `/v1/Order/{id}`; empty within a process. */
  readonly path: string
}

/** The policies say no: ask for what the rule wants. Nothing was done. */
export class PolicyDenied extends Schema.TaggedError<PolicyDenied>()("PolicyDenied", {
  policy: Schema.String,
  rule: Schema.String,
}) {}
/** The policies could not be asked, hence no: try again later. Nothing was done. */
export class PolicyUnavailable extends Schema.TaggedError<PolicyUnavailable>()("PolicyUnavailable", {
  retryAfterSeconds: Schema.Int,
}) {}
export type Denied = PolicyDenied | PolicyUnavailable

export interface Shape {
  /**
   * What is known at once, without asking anybody: `true`, a denial, or nothing, and then `enforce` must be run. Pure
   * look-up in what a bounded memory holds; records nothing.
   */
  readonly known: (input: Input) => true | PolicyDenied | undefined
  /** Succeeds where the policies allow it; each denial is recorded and counted. Bounded in time. */
  readonly enforce: (input: Input) => Effect.Effect<void, Denied>
}

export class PolicyEnforcer extends Context.Service<PolicyEnforcer, Shape>()("nexus/core/PolicyEnforcer") {}

const unanswered = new PolicyUnavailable({ retryAfterSeconds: 1 })

/** Enforces, and takes an enforcer that hangs for `ms` or breaks for one that could not be asked. */
export const insist = ({ enforce }: Shape, ms: number) => (input: Input): Effect.Effect<void, Denied> =>
  Effect.suspend(() => enforce(input)).pipe(
    Effect.timeoutOrElse({ duration: ms, orElse: () => Effect.fail(unanswered) }),
    Effect.catchDefect(() => Effect.fail(unanswered)),
  )
