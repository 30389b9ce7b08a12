import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { StoreUnavailable } from "./EventStore.ts"
import { cases, rules } from "./laws/decisions.ts"
import { laws } from "./PolicyEnforcer.laws.ts"
import { PolicyEnforcer } from "./PolicyEnforcer.ts"
import * as PolicyEnforcerMemory from "./PolicyEnforcerMemory.ts"
import { Violations } from "./Violations.ts"
import * as ViolationsMemory from "./ViolationsMemory.ts"

const layer = PolicyEnforcerMemory.layer(rules)

describe("the memory enforcer", () => {
  for (const { name, law } of laws) {
    it.live(name, () => Effect.provide(law, Layer.provideMerge(layer, ViolationsMemory.layer)))
  }

  it.effect("denies where its denial cannot be kept", () => {
    const down = Effect.fail(new StoreUnavailable({ reason: "down" }))
    const broken = Layer.succeed(Violations, { keep: () => down, list: () => down })
    return Effect.gen(function* () {
      const { enforce } = yield* PolicyEnforcer
      for (const { answer, input } of cases) {
        assert.strictEqual(Result.isSuccess(yield* Effect.result(enforce(input))), answer === true)
      }
    }).pipe(Effect.provide(Layer.provide(layer, broken)))
  })
})

describe("the enforcer for tests", () => {
  it.effect("denies nothing", () =>
    Effect.gen(function* () {
      const { enforce, known } = yield* PolicyEnforcer
      for (const { input } of cases) {
        assert.isTrue(known(input))
        yield* enforce(input)
      }
    }).pipe(Effect.provide(PolicyEnforcerMemory.layerDeniesNothingForTests)))
})
