/**
 * Policies as a function, and the specification of every other enforcer: what the rules do not allow is denied and kept.
 * @module
 */
import { Clock, Effect, Layer } from "effect"
import { Sha256 } from "./Fingerprint.ts"
import { type Input, PolicyDenied, PolicyEnforcer } from "./PolicyEnforcer.ts"
import { of, Violations } from "./Violations.ts"

/** `true`, or which rule of which policy says no. Pure. */
export type Rules = (input: Input) => true | { readonly policy: string; readonly rule: string }

/** Enforces `rules`, and knows every answer at once. */
export const layer = (rules: Rules): Layer.Layer<PolicyEnforcer, never, Violations> =>
  Layer.effect(
    PolicyEnforcer,
    Effect.gen(function* () {
      const violations = yield* Violations
      const hash = yield* Effect.service(Sha256)
      const decide = (input: Input): true | PolicyDenied => {
        const answer = rules(input)
        return answer === true ? true : new PolicyDenied(answer)
      }
      return PolicyEnforcer.of({
        known: decide,
        enforce: Effect.fnUntraced(function* (input) {
          const answer = decide(input)
          if (answer === true) return
          const time = yield* Clock.currentTimeMillis
          // A keeper that fails never changes an answer.
          yield* Effect.ignore(violations.keep([of(input, answer, { time, bundle: "memory", hash })]))
          return yield* answer
        }),
      })
    }),
  )

/** Denies nothing to anybody: for tests and benchmarks of something else, never to serve with. */
export const layerDeniesNothingForTests: Layer.Layer<PolicyEnforcer> = Layer.succeed(
  PolicyEnforcer,
  PolicyEnforcer.of({ known: () => true, enforce: () => Effect.void }),
)
