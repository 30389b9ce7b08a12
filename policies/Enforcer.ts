/**
 * Enforces what engines decide, each of which must say yes: so rules that come second can only forbid more.
 *
 * Remembers what may be remembered, counts, logs, and keeps each denial behind the answer. Nothing is allowed that an
 * engine did not allow: a failure, and an answer that took too long, are no.
 * @module
 */
import { Clock, Effect, Layer, type Scope } from "effect"
import { Sha256 } from "../core/Fingerprint.ts"
import { Limits, type Limits as Bounds } from "../core/Limits.ts"
import { type Input, PolicyDenied, PolicyEnforcer, PolicyUnavailable, type Shape } from "../core/PolicyEnforcer.ts"
import { of, Violations } from "../core/Violations.ts"
import { type Engine, EngineFailed } from "./Engine.ts"
import * as Metrics from "./PolicyMetrics.ts"
import * as Recorder from "./Recorder.ts"
import * as Remembered from "./Remembered.ts"

const unavailable = new PolicyUnavailable({ retryAfterSeconds: 1 })
/** What violations call the policy where none decided; the rule says why. */
const noPolicy = "no-decision"
/** While engines fail everything is refused: kept is one refusal of a tenant in this time, so that denials are not driven out. */
const failuresApartMs = 1_000

/** Asks one engine after another, until one does not say yes. */
const decideBy = (engines: ReadonlyArray<Engine>) =>
  Effect.fnUntraced(function* (input: Input): Effect.fn.Return<Remembered.Outcome, EngineFailed> {
    for (const { bundle, decide } of engines) {
      const decision = yield* decide(input)
      if (decision !== true) return { denial: new PolicyDenied(decision), bundle }
    }
    return true
  })

/** An enforcer over `engines`, of which there is at least one; `limitMs` bounds a decision of all of them together. */
export const make = Effect.fnUntraced(function* (
  engines: readonly [Engine, ...ReadonlyArray<Engine>],
  limitMs: number,
): Effect.fn.Return<Shape, never, Violations | Scope.Scope> {
  const limits = yield* Effect.service(Limits)
  const hash = yield* Effect.service(Sha256)
  const context = yield* Effect.context<never>()
  const record = yield* Recorder.make(yield* Violations, limits)
  const remembers = engines.every((engine) => engine.remembers)
  const remembered = Remembered.make(remembers ? limits.decisions : 0)
  const ask = decideBy(engines)

  const bundle = engines.map((engine) => engine.bundle).join("+")
  const failedAt = new Map<string, number>()
  const isFirst = (tenant: string, now: number): boolean => {
    const before = failedAt.get(tenant)
    if (before !== undefined && now >= before && now - before < failuresApartMs) return false
    if (failedAt.size >= limits.violationQueue) failedAt.clear()
    failedAt.set(tenant, now)
    return true
  }

  const decide = Effect.fnUntraced(function* (input: Input, key: string) {
    const clock = yield* Clock.Clock
    const began = clock.monotonicTimeNanosUnsafe()
    const outcome = yield* ask(input)
    const ms = Number(clock.monotonicTimeNanosUnsafe() - began) / 1e6
    Metrics.PolicyLatency.updateUnsafe(ms, context)
    // Wasm cannot be stopped half-way; a rule that needs so long must not be waited for twice without somebody hearing of it.
    if (ms > limitMs) return yield* new EngineFailed({ reason: "slow" })
    remembered.set(key, outcome)
    return outcome
  })

  const deny = Effect.fnUntraced(function* (input: Input, { bundle, denial }: Exclude<Remembered.Outcome, true>) {
    Metrics.PolicyDenials.updateUnsafe(1, context)
    const violation = of(input, denial, { time: yield* Clock.currentTimeMillis, bundle, hash })
    record(violation)
    yield* Effect.logWarning("policy denied").pipe(Effect.annotateLogs({ ...violation }))
    return yield* denial
  })

  const fail = Effect.fnUntraced(function* (input: Input, { reason }: EngineFailed) {
    const { action, aggregate, path, tenant, type } = input
    Metrics.PolicyFailures.updateUnsafe(1, context)
    const time = yield* Clock.currentTimeMillis
    if (isFirst(tenant, time)) record(of(input, { policy: noPolicy, rule: `engine-${reason}` }, { time, bundle, hash }))
    const about = { reason, action, aggregate, type, path }
    yield* Effect.logError("policy engine failed").pipe(Effect.annotateLogs(about))
    return yield* unavailable
  })

  return PolicyEnforcer.of({
    known: (input) => {
      const outcome = remembers ? remembered.get(Remembered.keyOf(input)) : undefined
      return outcome === undefined || outcome === true ? outcome : outcome.denial
    },
    enforce: Effect.fnUntraced(function* (input) {
      Metrics.PolicyDecisions.updateUnsafe(1, context)
      const key = remembers ? Remembered.keyOf(input) : ""
      const outcome = remembered.get(key) ??
        (yield* Effect.catchTag(decide(input, key), "EngineFailed", (error) => fail(input, error)))
      if (outcome !== true) return yield* deny(input, outcome)
    }),
  })
})

/** Enforces by `engines`; `limitMs` bounds a decision. */
export const layer = (
  engines: readonly [Engine, ...ReadonlyArray<Engine>],
  limitMs: (limits: Bounds) => number,
): Layer.Layer<PolicyEnforcer, never, Violations> =>
  Layer.effect(
    PolicyEnforcer,
    Effect.flatMap(Effect.service(Limits), (limits) => make(engines, limitMs(limits))),
  )
