import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Limits from "./Limits.ts"

describe("Limits", () => {
  it.effect("are the defaults where nothing else is provided", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* Limits.Limits, Limits.defaults)
      const lowered = yield* Effect.provideService(Limits.Limits, Limits.Limits, Limits.lowered({ mailbox: 2 }))
      assert.deepEqual(lowered, { ...Limits.defaults, mailbox: 2 })
    }))
  it("are the documented ones", () => {
    const { bodyBytes, jsonDepth, jsonKeys, jsonItems, mailbox, eventsPerCommand, page, eventBytes, appendBytes } =
      Limits.defaults
    assert.deepEqual([bodyBytes, jsonDepth, jsonKeys, jsonItems], [131_072, 32, 1_000, 10_000])
    assert.deepEqual([mailbox, eventsPerCommand, page, eventBytes, appendBytes], [1_000, 50, 500, 350_000, 3_500_000])
  })
})

describe("lowered()", () => {
  it("lowers every limit down to nothing, and no further", () => {
    for (const name of Object.keys(Limits.defaults) as ReadonlyArray<keyof Limits.Limits>) {
      assert.strictEqual(Limits.lowered({ [name]: 0 })[name], 0)
      assert.strictEqual(Limits.lowered({ [name]: Limits.defaults[name] })[name], Limits.defaults[name])
      for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
        assert.throws(() => Limits.lowered({ [name]: wrong }), `limit ${name} = ${wrong}`)
      }
    }
  })
  it("stops the program at a raised limit, but for the commands per second", () => {
    for (const name of Object.keys(Limits.defaults) as ReadonlyArray<keyof Limits.Limits>) {
      const raised = { [name]: Limits.defaults[name] + 1 }
      if (name === "commandsPerSecond") assert.strictEqual(Limits.lowered(raised).commandsPerSecond, 1_001)
      else assert.throws(() => Limits.lowered(raised), `limit ${name}`)
    }
  })
  it("stops the program at a limit that does not exist", () => {
    for (const name of ["mailboxes", "toString"]) {
      assert.throws(() => Limits.lowered({ [name]: 1 } as never), `there is no limit ${name}: `)
    }
  })
})
