import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { greet, read, send } from "./demoClient.ts"

const nexus = { url: "http://127.0.0.1:1", token: "secret" }
interface Asked {
  readonly path: string
  readonly key: string | null
}

/** Answers in turn, the last one for ever; a string is a lost answer. */
const answering = (...answers: ReadonlyArray<Response | string>) => {
  const asked: Array<Asked> = []
  vi.stubGlobal("fetch", (url: URL, init: RequestInit) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)]!
    asked.push({ path: url.pathname, key: new Headers(init.headers).get("idempotency-key") })
    return typeof answer === "string" ? Promise.reject(new TypeError(answer)) : Promise.resolve(answer.clone())
  })
  return asked
}
afterEach(() => vi.unstubAllGlobals())

const accepted = () => Response.json({ version: 1 })
const problem = (status: number, slug: string, headers: Record<string, string> = {}) =>
  Response.json({ type: `/problems#${slug}`, title: "Some title", status }, { status, headers })
const place = send(nexus, "1", "PlaceOrder", "1", {})

/** Runs it while virtual time passes in steps of 100 ms; gives its end and the time that this took. */
const inVirtualTime = Effect.fnUntraced(function* <A, E>(effect: Effect.Effect<A, E>) {
  const fiber = yield* Effect.forkChild(Effect.exit(effect), { startImmediately: true })
  for (let ms = 0; ms < 120_000; ms += 100) {
    // The stubbed answers are promises: let them settle before time goes on.
    yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return { exit: yield* Fiber.join(fiber), ms }
    yield* TestClock.adjust(100)
  }
  return yield* Effect.die("it did not end")
})

describe("send()", () => {
  it.effect("tells acceptance from the domain's refusals", () =>
    Effect.gen(function* () {
      answering(accepted())
      assert.deepEqual(yield* place, { _tag: "Accepted" })
      answering(problem(409, "not-placed"))
      assert.deepEqual(yield* place, { _tag: "Rejected", name: "NotPlaced" })
      answering(problem(422, "return-exceeds-order"))
      assert.deepEqual(yield* place, { _tag: "Rejected", name: "ReturnExceedsOrder" })
    }))
  it.effect("does not take a problem of Nexus for one, nor repeat what will not get better", () =>
    Effect.gen(function* () {
      for (const [status, slug] of [[422, "command-invalid"], [401, "unauthorized"], [404, "no-such-route"]] as const) {
        const asked = answering(problem(status, slug))
        const { message } = yield* Effect.flip(place)
        const [said, hint] = message.split("; ")
        assert.strictEqual(said, `/v1/Order/1/commands/PlaceOrder answered ${status}: Some title`)
        assert.strictEqual(hint?.includes("token"), status === 401 ? true : undefined)
        assert.lengthOf(asked, 1)
      }
    }))
  it.effect("repeats with the same key whatever may be stored or not", () =>
    Effect.gen(function* () {
      const busy = [
        problem(503, "outcome-unknown"),
        "connection lost",
        problem(429, "rate-limited"),
        problem(500, "defect"),
      ]
      const asked = answering(...busy, problem(408, "body-timeout"), accepted())
      const { exit } = yield* inVirtualTime(place)
      assert.deepEqual(exit, Exit.succeed({ _tag: "Accepted" } as const))
      assert.deepEqual(asked, asked.map(() => ({ path: "/v1/Order/1/commands/PlaceOrder", key: "1" })))
      assert.lengthOf(asked, 6)
    }))
  it.effect("waits as long as Retry-After says, and no longer than half a minute", () =>
    Effect.gen(function* () {
      for (
        const [after, atLeast, below] of [["7", 7_000, 8_000], ["9999", 30_000, 31_000], ["soon", 0, 1_000]] as const
      ) {
        answering(problem(503, "contended", { "retry-after": after }), accepted())
        const { ms } = yield* inVirtualTime(place)
        assert.isAtLeast(ms, atLeast)
        assert.isBelow(ms, below)
      }
    }))
  it.effect("gives up after a bounded number of attempts", () =>
    Effect.gen(function* () {
      const asked = answering("connection lost")
      const { exit } = yield* inVirtualTime(place)
      assert.isTrue(Exit.isFailure(exit))
      assert.lengthOf(asked, 15)
    }))
})

describe("greet() and read()", () => {
  it.effect("greet gives up sooner", () =>
    Effect.gen(function* () {
      const asked = answering("connection lost")
      const { exit, ms } = yield* inVirtualTime(greet(nexus))
      assert.isTrue(Exit.isFailure(exit))
      assert.lengthOf(asked, 4)
      assert.isBelow(ms, 3_000)
    }))
  it.effect("read an order, none, and nothing else", () =>
    Effect.gen(function* () {
      const state = { status: "placed", country: "France", totalPence: 1, refundedPence: 0, left: [] }
      answering(Response.json({ version: 1, state }))
      assert.deepEqual({ ...(yield* read(nexus, "1")) }, { version: 1, state } as never)
      answering(problem(404, "not-found"))
      assert.isUndefined(yield* read(nexus, "1"))
      answering(Response.json({ version: 1, state: { ...state, totalPence: "1" } }))
      assert.match((yield* Effect.flip(read(nexus, "1"))).message, /not an order/)
    }))
})
