import { assert, describe, it } from "@effect/vitest"
import { defaults } from "../core/Limits.ts"
import * as Supervision from "./Supervision.ts"

const { coolDownMs, restartBackoffMs, restarts, restartWindowMs } = defaults

describe("the restart budget of an actor", () => {
  it("holds in every window, wherever the first failure lay", () => {
    const supervision = Supervision.make(defaults)
    // The window of the first failure ends between the third and the fourth.
    const times = [0, restartWindowMs - 8_000, restartWindowMs - 6_000, restartWindowMs + 100]
    for (const at of times) assert.isDefined(supervision.failed("a", at))
    const more = Array.from({ length: restarts - 2 }, (_, i) => restartWindowMs + 200 + i)
    const delays = more.map((at) => supervision.failed("a", at))
    assert.deepStrictEqual(delays.map((delay) => delay === undefined), more.map((_, i) => i === more.length - 1))
    assert.strictEqual(supervision.blockedMs("a", more.at(-1)!), coolDownMs)
  })

  it("is whole again behind a window without failures, and behind a cool-down", () => {
    const supervision = Supervision.make(defaults)
    for (let n = 0; n < restarts; n++) assert.strictEqual(supervision.failed("a", n), restartBackoffMs * 2 ** n)
    assert.strictEqual(supervision.failed("a", restartWindowMs + restarts), restartBackoffMs)
    for (let n = 0; n <= restarts; n++) supervision.failed("b", n)
    assert.strictEqual(supervision.failed("b", restarts + coolDownMs), restartBackoffMs)
  })

  it("is kept for actors that failed lately alone", () => {
    const supervision = Supervision.make(defaults)
    supervision.failed("a", 0)
    supervision.prune(restartWindowMs - 1)
    assert.strictEqual(supervision.size(), 1)
    supervision.prune(restartWindowMs)
    assert.strictEqual(supervision.size(), 0)
  })
})
