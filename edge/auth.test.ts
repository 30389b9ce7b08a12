/**
 * Verified tokens are remembered for a minute, never beyond their end, and not without bound.
 * @module
 */
import { Clock, Effect } from "effect"
import { importJWK } from "jose"
import { afterAll, assert, beforeAll, beforeEach, describe, it } from "vitest"
import * as Limits from "../core/Limits.ts"
import * as Issuer from "../tests/http/Issuer.ts"
import * as auth from "./auth.ts"

describe("the cache of verified tokens", () => {
  let issuer: Issuer.Issuer
  let [now, looks] = [0, 0]
  beforeAll(async () => void (issuer = await Issuer.open()))
  beforeEach(() => [now, looks] = [Date.now(), 0])
  afterAll(() => issuer.close())

  /** Counts how often a signature is verified. */
  const open = (some: Partial<Limits.Limits> = {}) => {
    const keys = () =>
      Effect.promise(() => {
        looks++
        return importJWK(issuer.publicJwk(), "ES256") as Promise<CryptoKey>
      })
    return auth.make({ issuer: issuer.issuer, audience: issuer.audience, keys }, Limits.lowered(some))
  }
  const ask = (authenticate: auth.Authenticate, token: string) =>
    Effect.runPromise(Effect.gen(function* () {
      const real = yield* Clock.Clock
      const clock = { ...real, currentTimeMillis: Effect.sync(() => now), currentTimeMillisUnsafe: () => now }
      return yield* Effect.provideService(
        Effect.match(authenticate(`Bearer ${token}`), {
          onFailure: ({ _tag }) => _tag,
          onSuccess: ({ subject }) => subject,
        }),
        Clock.Clock,
        clock,
      )
    }))

  it("spares the signature for sixty seconds", async () => {
    const authenticate = open()
    const token = await issuer.sign({ exp: Math.floor(now / 1000) + 600 })
    for (const after of [0, 1, 30_000, 28_000]) {
      now += after
      assert.strictEqual(await ask(authenticate, token), "s")
    }
    assert.strictEqual(looks, 1)
    now += 2_000
    assert.strictEqual(await ask(authenticate, token), "s")
    assert.strictEqual(looks, 2)
  })

  it("ends with the token, tolerance aside", async () => {
    const authenticate = open()
    const exp = Math.floor(now / 1000) + 10
    const token = await issuer.sign({ exp })
    assert.strictEqual(await ask(authenticate, token), "s")
    now = exp * 1000 + 59_000
    assert.strictEqual(await ask(authenticate, token), "s")
    assert.strictEqual(looks, 2)
    now = exp * 1000 + 61_000
    assert.strictEqual(await ask(authenticate, token), "Unauthorized")
  })

  it("does not outlive a clock that goes back", async () => {
    const authenticate = open()
    const token = await issuer.sign()
    await ask(authenticate, token)
    now -= 30_000
    await ask(authenticate, token)
    assert.strictEqual(looks, 2)
  })

  it("remembers no more tokens than its bound, and none that was refused", async () => {
    const authenticate = open({ tokenCache: 2 })
    const [one, two, three] = await Promise.all(["1", "2", "3"].map((sub) => issuer.sign({ sub })))
    for (const token of [one!, two!, three!, three!, two!]) await ask(authenticate, token)
    assert.strictEqual(looks, 3)
    await ask(authenticate, one!)
    assert.strictEqual(looks, 4)
    const bad = await issuer.sign({ aud: "other" })
    await ask(authenticate, bad)
    await ask(authenticate, bad)
    assert.strictEqual(looks, 6)
  })

  it("looks for no key where the algorithm is none, symmetric or unknown", async () => {
    const authenticate = open()
    const claims = Issuer.claimsOf(issuer.issuer, issuer.audience)
    const secret = new TextEncoder().encode("x".repeat(64))
    for (const alg of ["HS256", "HS384", "HS512"]) {
      assert.strictEqual(await ask(authenticate, await Issuer.signWith(secret, { alg }, claims)), "Unauthorized")
    }
    const base64url = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "")
    for (const alg of ["none", "A128KW", "es256", ""]) {
      assert.strictEqual(await ask(authenticate, `${base64url({ alg })}.${base64url({})}.eA`), "Unauthorized")
    }
    assert.strictEqual(looks, 0)
  })
})
