import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Fate } from "./Fate.ts"
import { eventAt } from "./laws/buses.ts"
import { driven } from "./laws/driven.ts"
import { streamOf } from "./laws/fixtures.ts"
import { laws, reopened } from "./SecondaryBus.laws.ts"
import { type Interest, interestsMax, widened } from "./SecondaryBus.ts"
import * as SecondaryBusMemory from "./SecondaryBusMemory.ts"

describe("the memory secondary bus", () => {
  for (const { name, law } of laws()) {
    it.effect(name, () => driven(Effect.provide(law, Layer.fresh(SecondaryBusMemory.layer))))
  }
  for (const { name, law } of reopened(SecondaryBusMemory.layerOf(new Map()))) it.effect(name, () => driven(law))

  it("interests that are more than a queue may have give way to those of whoever subscribes", () => {
    const of = (count: number, aggregate: string): ReadonlyArray<Interest> =>
      Array.from({ length: count }, (_, i) => ({ aggregate, type: `T${i}` }))
    assert.strictEqual(widened(of(interestsMax - 1, "A"), of(1, "B")).length, interestsMax)
    assert.strictEqual(widened(of(interestsMax, "A"), of(2, "A")).length, interestsMax)
    assert.deepEqual(widened(of(interestsMax, "A"), of(1, "B")), of(1, "B"))
  })

  const fates: ReadonlyArray<Fate> = ["lost", "refused", "twice", "done"]
  it.effect("answers as it is told", () =>
    Effect.gen(function* () {
      const left = [...fates]
      const bus = SecondaryBusMemory.make(new Map(), { fate: () => left.shift()! })
      const queue = yield* bus.subscribe("c", [{ aggregate: "Order", type: "Noted" }])
      const events = fates.map((_, i) => eventAt(streamOf("t", "a"), i + 1))
      const outcomes = yield* bus.publish(events)
      assert.deepEqual(outcomes.map(({ _tag }) => _tag), ["NotSent", "NotSent", "Sent", "Sent"])
      const messages = yield* queue.receive(10, { waitMs: 0, hiddenMs: 10 })
      assert.deepEqual(messages.map(({ body }) => JSON.parse(body).version), [1, 3, 3, 4])
    }))
})
