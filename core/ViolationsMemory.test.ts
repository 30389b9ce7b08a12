import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Limits from "./Limits.ts"
import { laws, reopened } from "./Violations.laws.ts"
import { of, Violations } from "./Violations.ts"
import * as ViolationsMemory from "./ViolationsMemory.ts"

const input = {
  action: "read",
  app: "shop",
  aggregate: "",
  type: "",
  tenant: "t",
  subject: "alice",
  scopes: [],
  path: "",
} as const
const about = { time: 1, bundle: "b", hash: () => "h" }
const denial = { policy: "p", rule: "r" }

describe("the memory keeper of violations", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, ViolationsMemory.layer))
  const layer = ViolationsMemory.layerOf(ViolationsMemory.emptyState())
  for (const { name, law } of reopened(layer)) it.effect(name, () => law)

  it.effect("is bounded over all tenants", () =>
    Effect.gen(function* () {
      const state = ViolationsMemory.emptyState()
      const keeper = yield* ViolationsMemory.make(state)
      for (let i = 0; i < 9; i++) yield* keeper.keep([of({ ...input, tenant: `t${i}` }, denial, about)])
      assert.deepEqual([...state.kept.values()].map(({ tenant }) => tenant), ["t4", "t5", "t6", "t7", "t8"])
    }).pipe(Effect.provideService(Limits.Limits, Limits.lowered({ violationsOfAll: 5 }))))
})

describe("of()", () => {
  const subjectOf = (more: object) => of({ ...input, ...more }, denial, about).subject
  it("names what was asked for", () => {
    assert.strictEqual(subjectOf({ aggregate: "Order", type: "PlaceOrder", path: "/v1/x" }), "Order.PlaceOrder")
    assert.strictEqual(subjectOf({ aggregate: "Order" }), "Order")
    assert.strictEqual(subjectOf({ path: "/v1/events" }), "/v1/events")
    assert.strictEqual(subjectOf({}), "read")
  })
  it("holds no scope: they could be a secret's name", () => {
    assert.notInclude(JSON.stringify(of({ ...input, scopes: ["secret"] }, denial, about)), "secret")
  })
})

describe("the layer", () => {
  it.effect("is a keeper of its own", () =>
    Effect.gen(function* () {
      const fresh = () => Effect.provide(Effect.service(Violations), Layer.fresh(ViolationsMemory.layer))
      yield* (yield* fresh()).keep([of(input, denial, about)])
      assert.deepEqual((yield* (yield* fresh()).list("t", undefined, 9)).items, [])
    }))
})
