/**
 * Keys behind a URL are fetched rarely, kept for long enough and not for longer, and from nowhere else.
 * @module
 */
import { Clock, Effect, Exit } from "effect"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import * as Limits from "../core/Limits.ts"
import * as Issuer from "../tests/http/Issuer.ts"
import * as keys from "./keys.ts"

const minute = 60_000

describe("remote()", () => {
  let issuer: Issuer.Issuer
  let now = 0
  beforeEach(async () => {
    issuer = await Issuer.open()
    now = 1_000_000_000
  })
  afterEach(() => issuer.close())

  const clock = (real: Clock.Clock): Clock.Clock => ({
    ...real,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeMillisUnsafe: () => now,
  })
  /** `found`, `nothing`, or the tag of the refusal. */
  const ask = async (find: keys.Keys, kid = issuer.publicJwk().kid!): Promise<string> => {
    const asked = Effect.gen(function* () {
      const real = yield* Clock.Clock
      return yield* Effect.provideService(find({ alg: "ES256", kid }), Clock.Clock, clock(real))
    })
    const exit = await Effect.runPromiseExit(Effect.match(asked, {
      onFailure: ({ _tag }) => _tag,
      onSuccess: (key) => key === undefined ? "nothing" : "found",
    }))
    return Exit.isSuccess(exit) ? exit.value : "died"
  }
  const open = (some: Partial<Limits.Limits> = {}) => keys.remote(issuer.jwksUrl, Limits.lowered(some))

  it("fetches once for many who ask at once, and not again for ten minutes", async () => {
    const find = open()
    const all = await Promise.all(Array.from({ length: 50 }, () => ask(find)))
    assert.deepStrictEqual(new Set(all), new Set(["found"]))
    now += 10 * minute
    assert.strictEqual(await ask(find), "found")
    assert.strictEqual(issuer.fetches(), 1)
    now += 1
    assert.strictEqual(await ask(find), "found")
    assert.strictEqual(issuer.fetches(), 2)
  })

  it("uses old keys for up to fifteen minutes while new ones cannot be had, and then none", async () => {
    const find = open()
    assert.strictEqual(await ask(find), "found")
    issuer.setMood("down")
    now += 15 * minute
    assert.strictEqual(await ask(find), "found")
    now += 1
    assert.strictEqual(await ask(find), "KeysUnavailable")
    issuer.setMood("good")
    now += minute
    assert.strictEqual(await ask(find), "found")
  })

  it("fetches at most three times a minute, whatever is asked for", async () => {
    const find = open()
    for (let n = 0; n < 30; n++) assert.strictEqual(await ask(find, `unknown-${n}`), "nothing")
    assert.strictEqual(issuer.fetches(), 3)
    now += minute
    for (let n = 0; n < 30; n++) await ask(find, `unknown-${n}`)
    assert.strictEqual(issuer.fetches(), 6)
  })

  it("finds a new key after one more fetch, and loses the old one", async () => {
    const find = open()
    const old = issuer.publicJwk().kid!
    assert.strictEqual(await ask(find), "found")
    await issuer.rotate()
    assert.strictEqual(await ask(find), "found")
    assert.strictEqual(await ask(find, old), "nothing")
  })

  it("takes nothing from a peer that fails, redirects, talks nonsense, too much or not at all", async () => {
    for (const mood of ["down", "redirect", "garbage", "huge", "slow"] as const) {
      issuer.setMood(mood)
      const started = performance.now()
      assert.strictEqual(await ask(open({ jwksTimeoutMs: 100 })), "KeysUnavailable", mood)
      assert.isBelow(performance.now() - started, 2_000, mood)
    }
  })

  it("does not let a clock that goes back make old keys young", async () => {
    const find = open()
    await ask(find)
    issuer.setMood("down")
    now -= 60 * minute
    assert.strictEqual(await ask(find), "KeysUnavailable")
  })
})
