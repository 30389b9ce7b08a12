import { assert, describe, it } from "vitest"
import { Effect } from "effect"
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks"
import process from "node:process"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { waitBare } from "./fibers.ts"

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void
const heap = () => (collect(), process.memoryUsage().heapUsed)

const loops = 40_000

/** Bytes that a fiber which is still alive holds for each wait behind it. */
const heldByWait = () =>
  new Promise<number>((resolve) => {
    const before = heap()
    const loop = Effect.gen(function* () {
      for (let i = 0; i < loops; i++) yield* Effect.yieldNow
      resolve((heap() - before) / loops)
      return yield* Effect.never
    })
    Effect.runFork(loop)
  })

describe("fibers under Deno", () => {
  it("hold nothing of what they waited in", async () => {
    waitBare()
    assert.isBelow(await heldByWait(), 50)
  })

  it("leave the resources of others as they are", () => {
    waitBare()
    const storage = new AsyncLocalStorage<string>()
    const resource = storage.run("kept", () => new AsyncResource("mine"))
    assert.strictEqual(
      resource.runInAsyncScope((suffix: string) => `${storage.getStore()}${suffix}`, null, "!"),
      "kept!",
    )
  })
})
