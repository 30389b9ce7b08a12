/**
 * The policies inside workerd, from an imported module: the same laws as everywhere.
 * @module
 */
import { Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { describe, it } from "vitest"
import { laws } from "../../core/PolicyEnforcer.laws.ts"
import * as ViolationsLaws from "../../core/Violations.laws.ts"
import * as ViolationsMemory from "../../core/ViolationsMemory.ts"
import { sha256 } from "../../policies/bundle.ts"
import wasm from "../../policies/bundle.wasm"
import * as Policies from "../../policies/Policies.ts"

describe("the memory keeper of violations in workerd", () => {
  for (const { name, law } of ViolationsLaws.laws) {
    it(name, () => Effect.runPromise(Effect.provide(law, [ViolationsMemory.layer, TestClock.layer()])))
  }
})
describe("the Wasm enforcer in workerd", () => {
  const layer = Policies.layer({ nexus: { wasm, sha256 } })
  for (const { name, law } of laws) {
    it(name, () =>
      Effect.runPromise(
        Effect.provide(law, Layer.provideMerge(layer, Layer.merge(ViolationsMemory.layer, Logger.layer([])))),
      ))
  }
})
