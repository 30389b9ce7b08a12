/**
 * What evaluates policies, wherever it runs, and how its answers are read: anything but a clear yes is no.
 * @module
 */
import { type Effect, Result, Schema } from "effect"
import type { Input } from "../core/PolicyEnforcer.ts"

/** `true`, or which rule of which policy says no. */
export type Decision = true | { readonly policy: string; readonly rule: string }

/** The engine gave no decision; the reason goes to the log, never to a caller. */
export class EngineFailed extends Schema.TaggedError<EngineFailed>()("EngineFailed", {
  reason: Schema.Literals(["malformed", "failed", "slow", "unreachable", "busy"]),
}) {}

export interface Engine {
  /** What violations say of it: the SHA-256 of its bundle, or `remote`. */
  readonly bundle: string
  /** The same question has the same answer for ever, so that it may be remembered. */
  readonly remembers: boolean
  readonly decide: (input: Input) => Effect.Effect<Decision, EngineFailed>
}

/** Rules are named in problems and logs: whatever else stands in the place of a name does not get there. */
const ruleName = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/
const nameOf = (rule: unknown): string => typeof rule === "string" && ruleName.test(rule) ? rule : "unnamed"

/**
 * Reads the value of an entrypoint; `undefined` where the policy has none, which is a no. A value without a boolean
 * `allow` is nothing that a policy of ours would say, so that nobody knows what was meant.
 */
export const read = (policy: string, value: unknown): Result.Result<Decision, EngineFailed> => {
  if (value === undefined) return Result.succeed({ policy, rule: "undefined" })
  const { allow, rule } = typeof value === "object" && value !== null ? value as Record<string, unknown> : {}
  if (allow === true) return Result.succeed(true)
  return allow === false
    ? Result.succeed({ policy, rule: nameOf(rule) })
    : Result.fail(new EngineFailed({ reason: "malformed" }))
}

/** `nexus/authorization/decision` belongs to the policy `nexus.authorization`. */
export const policyOf = (entrypoint: string): string => entrypoint.split("/").slice(0, -1).join(".")
