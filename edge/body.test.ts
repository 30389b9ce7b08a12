/**
 * A body is bounded in bytes and time, however its length is announced and its chunks fall.
 * @module
 */
import { Effect, Exit } from "effect"
import { assert, describe, it } from "vitest"
import * as Limits from "../core/Limits.ts"
import * as body from "./body.ts"
import type { EdgeRequest } from "./route.ts"

const limits = { ...Limits.defaults, bodyBytes: 10, bodyTimeoutMs: 40 }
const bytes = (text: string) => new TextEncoder().encode(text)

interface Source {
  readonly request: EdgeRequest
  readonly isCancelled: () => boolean
}

/** A request whose chunks come as told; after the last it ends, hangs or breaks. */
const source = (chunks: ReadonlyArray<string>, then: "ends" | "hangs" | "breaks" = "ends"): Source => {
  let [next, cancelled] = [0, false]
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const chunk = chunks[next++]
      if (chunk !== undefined) return controller.enqueue(bytes(chunk))
      if (then === "ends") return controller.close()
      if (then === "breaks") return controller.error(new Error("reset"))
      return new Promise(() => {})
    },
    cancel: () => void (cancelled = true),
  }, { highWaterMark: 0 })
  const headers = new Headers({ "content-length": "1" })
  return { request: { method: "POST", url: "http://nexus/", headers, body: stream }, isCancelled: () => cancelled }
}

const read = async ({ request }: Source): Promise<unknown> => {
  const exit = await Effect.runPromiseExit(Effect.flip(body.json(request, limits)))
  return Exit.isSuccess(exit) ? exit.value._tag : "accepted"
}

describe("json()", () => {
  it("joins chunks, even in the middle of a character", async () => {
    const { request } = source(['["', "é", '"]'])
    assert.deepStrictEqual(await Effect.runPromise(body.json(request, limits)), ["é"])
    const split = bytes('["é"]')
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const byte of split) controller.enqueue(new Uint8Array([byte]))
        controller.close()
      },
    })
    assert.deepStrictEqual(await Effect.runPromise(body.json({ ...request, body: stream }, limits)), ["é"])
  })

  it("takes as many bytes as the limit and not one more, whatever Content-Length says", async () => {
    assert.strictEqual(await read(source(["[1,2,", "3,45]"])), "accepted")
    const endless = source(["[1,2,", "3,456]", "x".repeat(1_000)], "hangs")
    assert.strictEqual(await read(endless), "BodyTooLarge")
    assert.isTrue(endless.isCancelled())
  })

  it("gives up on a body that does not come, and lets go of it", async () => {
    const started = performance.now()
    const hanging = source(["[1,"], "hangs")
    assert.strictEqual(await read(hanging), "BodyTimeout")
    assert.isAtLeast(performance.now() - started, 35)
    assert.isTrue(hanging.isCancelled())
  })

  it("refuses a body that breaks off, is absent or is not UTF-8", async () => {
    assert.strictEqual(await read(source(["[1,"], "breaks")), "JsonInvalid")
    const { request } = source([])
    assert.strictEqual(await read({ request: { ...request, body: null }, isCancelled: () => false }), "JsonInvalid")
  })
})
