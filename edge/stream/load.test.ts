/**
 * Sockets while others write without a pause: who keeps up hears from the tail, and reads nothing by itself.
 * @module
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Rig from "../../tests/stream/Rig.ts"

it.effect("sockets that keep up share the reads of the tail, however fast events come", () => {
  const trouble = { failing: () => false, feeds: 0 }
  return Effect.provide(
    Effect.gen(function* () {
      const { connect, pass, tail, write } = yield* Rig.open
      const wires = Array.from({ length: 10 }, (_, n) => connect(Rig.identityOf("t", `s${n}`)))
      for (const wire of wires) wire.say({ op: "subscribe", subscription: "s" })
      yield* pass(50)
      trouble.feeds = 0
      for (let n = 0; n < 1_000; n++) {
        yield* write(`a${n % 7}`)
        tail.wake()
        yield* pass(3)
      }
      yield* pass(2_000)
      for (const wire of wires) assert.strictEqual(wire.events().length, 1_000)
      assert.isAtMost(trouble.feeds, 400)
    }),
    Rig.layerOf({}, trouble),
  )
})
