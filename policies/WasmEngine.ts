/**
 * Decides by bundles in this process. All entrypoints called `decision` of a bundle must say yes.
 * @module
 */
import { Effect, Result } from "effect"
import type { Input } from "../core/PolicyEnforcer.ts"
import { type Decision, type Engine, EngineFailed, policyOf, read } from "./Engine.ts"
import { BundleInvalid, type WasmBundle } from "./WasmBundle.ts"

/** The first evaluations are slow, until the machine code is good: nobody's request shall be one of them. */
const warmUps = 300
/** Slow rules of somebody's own must not hold the start up. */
const warmUpMs = 100
const nobody: Input = {
  action: "command",
  app: "",
  aggregate: "Warm",
  type: "Up",
  tenant: "warm",
  subject: "up",
  scopes: ["commands:*"],
  path: "",
}

const failed = Result.fail(new EngineFailed({ reason: "failed" }))

/** Evaluates everything once before it answers; throws `BundleInvalid` where the bundle decides nothing. */
export const make = ({ decisions, evaluate, sha256 }: WasmBundle): Engine => {
  if (decisions.length === 0) throw new BundleInvalid({ rule: "Expected an entrypoint called decision" })
  const ask = (entrypoint: string, policy: string, input: Input): Result.Result<Decision, EngineFailed> => {
    let value: unknown
    try {
      value = evaluate(entrypoint, input)
    } catch {
      return failed
    }
    return read(policy, value)
  }
  const rules = decisions.map((entrypoint) => [entrypoint, policyOf(entrypoint)] as const)
  const decide = (input: Input): Result.Result<Decision, EngineFailed> => {
    let last: Result.Result<Decision, EngineFailed> = failed
    for (const [entrypoint, policy] of rules) {
      last = ask(entrypoint, policy, input)
      if (Result.isFailure(last) || last.success !== true) return last
    }
    return last
  }
  const until = performance.now() + warmUpMs
  for (let i = 0; i < warmUps && performance.now() < until; i++) decide(nobody)
  return {
    bundle: sha256,
    remembers: true,
    decide: (input) => Effect.suspend(() => Effect.fromResult(decide(input))),
  }
}
