/**
 * Policies with a mistake: of who reads their answers, who remembers them, and who shows what they refused.
 * @module
 */
import { Effect, Layer } from "effect"
import { Actors } from "../../../core/Actors.ts"
import * as Limits from "../../../core/Limits.ts"
import {
  type Denied,
  type Input,
  PolicyDenied,
  PolicyEnforcer,
  type Shape as EnforcerShape,
} from "../../../core/PolicyEnforcer.ts"
import { Violations } from "../../../core/Violations.ts"
import { emptyState, make as makeViolations } from "../../../core/ViolationsMemory.ts"
import { type Engine, read } from "../../../policies/Engine.ts"
import * as Enforcer from "../../../policies/Enforcer.ts"
import { keyOf } from "../../../policies/Remembered.ts"
import { CachedRegistry } from "../../../runtime/CachedRegistry.ts"
import { Gate } from "../../../runtime/Gate.ts"
import { enforcer, productionHost } from "../../../testing/simulation/Fleet.ts"
import { PolicyAnswers } from "../../../testing/simulation/policyModel.ts"
import { memoryStores } from "../../../testing/simulation/run.ts"
import { inHost, type Planted } from "./Planted.ts"

/** Gate and edge ask this enforcer. */
const inEnforcer = (name: string, breaks: ReadonlyArray<number>, wrong: typeof enforcer): Planted => ({
  ...{ name, breaks, host: productionHost, stores: memoryStores },
  governance: (app) => Gate.layer(app).pipe(Layer.provideMerge(wrong), Layer.provideMerge(CachedRegistry.layer)),
})
const overEnforcer = (name: string, wrap: (enforcer: EnforcerShape) => EnforcerShape): Planted =>
  inEnforcer(
    name,
    [20],
    Layer.provide(Layer.effect(PolicyEnforcer, Effect.map(Effect.service(PolicyEnforcer), wrap)), enforcer),
  )

const takesText = inEnforcer(
  `takes "true" for true`,
  [20],
  Layer.effect(
    PolicyEnforcer,
    Effect.gen(function* () {
      const { ask, isRemote } = yield* PolicyAnswers
      const { decisionMs, remoteDecisionMs } = yield* Limits.Limits
      const decide: Engine["decide"] = (input) =>
        Effect.flatMap(
          ask(input),
          (value) => value === "true" ? Effect.succeed(true as const) : Effect.fromResult(read("p", value)),
        )
      return yield* Enforcer.make(
        [{ bundle: "wrong", remembers: !isRemote, decide }],
        isRemote ? remoteDecisionMs : decisionMs,
      )
    }),
  ),
)

const opensWithoutPolicies = overEnforcer("allows what no policy could be asked about", (policies) => ({
  ...policies,
  enforce: (input) => Effect.catchTag(policies.enforce(input), "PolicyUnavailable", () => Effect.void),
}))

/** Remembers what was answered, by whatever stands for the question. */
const remembering = (
  wanted: (denied: Denied | undefined) => boolean,
  key: (input: Input) => string,
) =>
(policies: EnforcerShape): EnforcerShape => {
  const answers = new Map<string, Denied | undefined>()
  const keep = (input: Input, denied: Denied | undefined) =>
    Effect.sync(() => {
      if (wanted(denied)) answers.set(key(input), denied)
    })
  return {
    known: (input) => answers.has(key(input)) ? answers.get(key(input)) === undefined || undefined : undefined,
    enforce: (input) => {
      const known = answers.get(key(input))
      if (known !== undefined) return Effect.fail(known)
      return answers.has(key(input)) ? Effect.void : policies.enforce(input).pipe(
        Effect.tapError((denied) => keep(input, denied)),
        Effect.tap(() => keep(input, undefined)),
      )
    },
  }
}

/** Of an engine in process alone, whose answers may be remembered, of each tenant for itself. */
const sharesMemory = inEnforcer(
  "leaves the tenant out of what it remembers of policies",
  [20],
  Layer.effect(
    PolicyEnforcer,
    Effect.gen(function* () {
      const [policies, { isRemote }] = [yield* PolicyEnforcer, yield* PolicyAnswers]
      const wanted = (denied: Denied | undefined) => denied?._tag !== "PolicyUnavailable"
      return isRemote ? policies : remembering(wanted, (input) => keyOf({ ...input, tenant: "" }))(policies)
    }),
  ).pipe(Layer.provide(enforcer)),
)
const remembersFailures = overEnforcer(
  "remembers that the policies could not be asked",
  remembering((denied) => denied?._tag === "PolicyUnavailable", keyOf),
)
const remembersYes = overEnforcer(
  "remembers a yes of a server whose rules may change",
  remembering((denied) => denied === undefined, keyOf),
)

const keepsDenials = inHost(
  "remembers a denial as the outcome of its command",
  [20],
  (host) =>
    Layer.provide(
      Layer.effect(
        Actors,
        Effect.map(Effect.service(Actors), (actors) => {
          const denied = new Map<string, PolicyDenied>()
          return {
            ...actors,
            send: (request) => {
              const { aggregate, commandId, id, principal: { tenant } } = request
              const key = [tenant, aggregate, id, commandId].join("/")
              const known = commandId === undefined ? undefined : denied.get(key)
              if (known !== undefined) return Effect.fail(known)
              return Effect.tapError(actors.send(request), (error) =>
                Effect.sync(() => {
                  if (error instanceof PolicyDenied) denied.set(key, error)
                }))
            },
          }
        }),
      ),
      host,
    ),
)

const showsOthers: Planted = {
  name: "shows a tenant the violations of others",
  breaks: [14],
  host: productionHost,
  stores: Layer.merge(
    memoryStores,
    Layer.effect(
      Violations,
      Effect.suspend(() => {
        const state = emptyState()
        return Effect.map(makeViolations(state), (violations) => ({
          ...violations,
          list: () => Effect.sync(() => ({ items: [...state.kept.values()], cursor: undefined })),
        }))
      }),
    ),
  ),
}

export const policies: ReadonlyArray<Planted> = [
  takesText,
  opensWithoutPolicies,
  sharesMemory,
  remembersFailures,
  remembersYes,
  keepsDenials,
  showsOthers,
]
