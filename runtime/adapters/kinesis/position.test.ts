import { assert, describe, it } from "vitest"
import * as Position from "./position.ts"

const hourMs = 3_600_000
const nowMs = 1_767_225_600_000

describe("a position", () => {
  it("is what it was made of", () => {
    assert.deepStrictEqual(Position.parse(Position.behind("49680484427379583", 12)), {
      ...{ sequence: "49680484427379583", ms: 12 },
    })
    assert.deepStrictEqual(Position.parse(Position.positionAt(12)), { sequence: undefined, ms: 12 })
    for (const text of ["", "1", "@1", "at:", "x@1", "#1", "at:1.5", "1@2@3"]) {
      assert.throws(() => Position.parse(text), "not a position")
    }
  })

  it("stays where nothing is found, and knows from time to time that nothing was missed", () => {
    const after = Position.behind("7", nowMs)
    assert.strictEqual(Position.behindNothing(after, nowMs + hourMs, 0), after)
    const later = nowMs + hourMs + Position.skewMs
    assert.strictEqual(Position.behindNothing(after, later, 0), Position.behind("7", nowMs + hourMs))
    assert.strictEqual(Position.behindNothing(after, later, 1), after, "it is not at the end")
    const at = Position.positionAt(nowMs)
    assert.strictEqual(Position.behindNothing(at, later, 0), Position.positionAt(nowMs + hourMs))
  })

  it("of an empty shard is no later than what comes next", () =>
    assert.isAtMost(Position.parse(Position.behindNothing(undefined, nowMs, 0)).ms, nowMs - Position.skewMs))

  it("is forgotten before the stream forgets what stands behind it", () => {
    assert.isFalse(Position.isForgotten(nowMs, nowMs + 23 * hourMs, 24 * hourMs))
    assert.isTrue(Position.isForgotten(nowMs, nowMs + 24 * hourMs - Position.skewMs, 24 * hourMs))
  })
})
