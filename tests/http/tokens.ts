/**
 * The token matrix: what is signed, when, by whom, for whom; and that everything wrong is refused in the same words.
 * @module
 */
import { exportJWK, exportSPKI, generateKeyPair, importJWK } from "jose"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, problem } from "./client.ts"
import { claimsOf, signWith } from "./Issuer.ts"
import type { Open, Target } from "./Target.ts"

const path = "/v1/Box"
const seconds = () => Math.floor(Date.now() / 1000)
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
const hour = 3_600

export const tokens = (open: Open): void => {
  describe("tokens", () => {
    let target: Target
    beforeAll(async () => void (target = await open()))
    afterAll(() => target.close())

    const statusOf = async (token: string) => (await ask(target, path, { token })).status
    /** Refused, in the words of every refusal. */
    const refused = async (what: string, token: string) => {
      const said = await ask(target, path, { token })
      const body = problem(said, 401, "unauthorized")
      assert.deepStrictEqual(Object.keys(body), ["type", "title", "status", "detail", "instance"], what)
      assert.strictEqual(said.headers.get("www-authenticate"), 'Bearer error="invalid_token"', what)
      const bare = await ask(target, path)
      assert.strictEqual(said.text, bare.text, what)
    }

    it("good ones are taken, with one audience or several", async () => {
      const { audience, sign } = target.issuer
      assert.strictEqual(await statusOf(await sign()), 200)
      assert.strictEqual(await statusOf(await sign({ aud: ["other", audience] })), 200)
      assert.strictEqual(await statusOf(await sign({ nbf: seconds() - 5 })), 200)
      assert.strictEqual(
        (await ask(target, path, { headers: { authorization: `bearer ${await sign()}` } })).status,
        200,
      )
    })

    it("with a wrong or missing claim are refused", async () => {
      const now = seconds()
      const wrong: ReadonlyArray<Record<string, unknown>> = [
        { iss: "https://other.test" },
        { iss: undefined },
        { iss: ["https://issuer.test"] },
        { aud: "other" },
        { aud: [] },
        { aud: undefined },
        { exp: undefined },
        { exp: now - 61 },
        { exp: "soon" },
        { iat: undefined },
        { iat: now + 120 },
        { iat: now - 24 * hour - 120, exp: now + hour },
        { iat: "now" },
        { nbf: now + 120 },
        { nbf: "later" },
        { sub: undefined },
        { sub: "" },
        { sub: 5 },
        { sub: "x".repeat(256) },
        { sub: "a\nb" },
        { tenant: undefined },
        { tenant: "" },
        { tenant: "a/b" },
        { tenant: ["t"] },
        { tenant: "x".repeat(129) },
        { scope: ["read"] },
      ]
      for (const claims of wrong) await refused(JSON.stringify(claims), await target.issuer.sign(claims))
    })

    it("are given 60 seconds of tolerance, and 24 hours of age", async () => {
      const now = seconds()
      assert.strictEqual(await statusOf(await target.issuer.sign({ exp: now - 50 })), 200)
      assert.strictEqual(await statusOf(await target.issuer.sign({ nbf: now + 50 })), 200)
      assert.strictEqual(await statusOf(await target.issuer.sign({ iat: now + 50 })), 200)
      assert.strictEqual(await statusOf(await target.issuer.sign({ iat: now - 24 * hour + 60, exp: now + hour })), 200)
    })

    it("without a good signature are refused: none, HMAC, another's key, a bent token", async () => {
      const { audience, issuer, publicJwk, sign } = target.issuer
      const claims = claimsOf(issuer, audience)
      const jwk = publicJwk()
      const good = await sign()
      const [head = "", payload = "", signature = ""] = good.split(".")
      for (const alg of ["none", "None", "NONE", ""]) {
        await refused(`alg ${alg}`, `${base64url({ alg, kid: jwk.kid })}.${base64url(claims)}.`)
        await refused(`alg ${alg} signed`, `${base64url({ alg, kid: jwk.kid })}.${base64url(claims)}.${signature}`)
      }
      const spki = await exportSPKI(await importJWK({ ...jwk, ext: true }, "ES256", { extractable: true }) as CryptoKey)
      for (const secret of [spki, JSON.stringify(jwk), jwk.x!]) {
        const bytes = new TextEncoder().encode(secret.padEnd(32, "x"))
        await refused("HS256", await signWith(bytes, { alg: "HS256", kid: jwk.kid }, claims))
      }
      const stranger = await generateKeyPair("ES256", { extractable: true })
      await refused("wrong key, known kid", await signWith(stranger.privateKey, { alg: "ES256", kid: jwk.kid }, claims))
      const rsa = await generateKeyPair("RS256")
      await refused(
        "other algorithm, known kid",
        await signWith(rsa.privateKey, { alg: "RS256", kid: jwk.kid }, claims),
      )
      const own = { ...await exportJWK(stranger.publicKey), kid: "mine" }
      const headers: ReadonlyArray<Record<string, unknown>> = [
        { jwk: own },
        { jwk: own, kid: jwk.kid },
        { jku: `data:application/json,${encodeURIComponent(JSON.stringify({ keys: [own] }))}`, kid: "mine" },
        { jku: target.issuer.jwksUrl, kid: jwk.kid },
        { x5u: "https://attacker.test/cert.pem", kid: jwk.kid },
        { x5c: ["MIIB"], kid: jwk.kid },
      ]
      for (const more of headers) {
        await refused(
          JSON.stringify(Object.keys(more)),
          await signWith(stranger.privateKey, { alg: "ES256", ...more }, claims),
        )
      }
      const zero = Buffer.alloc(64).toString("base64url")
      const bent = [`${head}.${base64url({ ...claims, tenant: "other" })}.${signature}`, `${head}.${payload}.${zero}`]
      const cut = [
        `${head}.${payload}.`,
        `${head}.${payload}`,
        head,
        "",
        "..",
        `${good}.`,
        `${good}=`,
        `${good}x.y`,
        `${good} x`,
      ]
      for (const token of [...bent, ...cut, "\u00e9", "x".repeat(5_000)]) await refused(token.slice(0, 30), token)
    })

    it("of a wrong shape or place are refused: repeated header, another scheme, in the query", async () => {
      const good = await target.issuer.sign()
      const authorized = (authorization: string) => ask(target, path, { headers: { authorization } })
      for (
        const value of [`Bearer ${good}, Bearer ${good}`, `Basic ${good}`, good, `Bearer  ${good}`, `Bearer ${good},`]
      ) {
        problem(await authorized(value), 401, "unauthorized")
      }
      const twice = new Headers({ authorization: `Bearer ${good}` })
      twice.append("authorization", `Bearer ${good}`)
      assert.strictEqual((await target.fetch(path, { headers: twice })).status, 401)
      for (const query of [`?access_token=${good}`, `?limit=1&access_token=${good}`]) {
        const said = await ask(target, path + query)
        assert.strictEqual(said.headers.get("www-authenticate"), 'Bearer error="invalid_token"')
        assert.notInclude(said.text, good)
        problem(await ask(target, path + query, { token: good }), 401, "unauthorized")
      }
    })

    it("of a new key are taken after one look, those of the old one no longer than its cache", async () => {
      const turning = await open()
      try {
        const { issuer } = turning
        const old = await issuer.sign()
        assert.strictEqual((await ask(turning, path, { token: old })).status, 200)
        const unused = await issuer.sign({ sub: "unused" })
        await issuer.rotate()
        assert.strictEqual((await ask(turning, path, { token: await issuer.sign() })).status, 200)
        // The old key is gone from the set: only what was verified before lives on, for a minute at most.
        assert.strictEqual((await ask(turning, path, { token: unused })).status, 401)
        assert.strictEqual((await ask(turning, path, { token: old })).status, 200)
      } finally {
        await turning.close()
      }
    })

    it("in a flood of unknown keys cost three looks a minute, and good ones go on", async () => {
      const flooded = await open()
      try {
        const { issuer } = flooded
        const good = await issuer.sign()
        const stranger = await generateKeyPair("ES256")
        const token = (n: number) =>
          signWith(stranger.privateKey, { alg: "ES256", kid: `unknown-${n}` }, claimsOf(issuer.issuer, issuer.audience))
        for (let round = 0; round < 5; round++) {
          const many = await Promise.all(
            Array.from({ length: 40 }, async (_, n) => ask(flooded, path, { token: await token(n) })),
          )
          for (const said of many) assert.strictEqual(said.status, 401)
        }
        assert.isAtMost(issuer.fetches(), 3)
        assert.strictEqual((await ask(flooded, path, { token: good })).status, 200)
      } finally {
        await flooded.close()
      }
    })

    it("cannot be told good or bad while no key can be had: 503, and good again with the keys", async () => {
      for (const mood of ["down", "garbage", "redirect", "huge"] as const) {
        const cut = await open()
        try {
          cut.issuer.setMood(mood)
          const token = await cut.issuer.sign()
          const said = await ask(cut, path, { token })
          problem(said, 503, "keys-unavailable")
          assert.isAtLeast(Number(said.headers.get("retry-after")), 1)
          cut.issuer.setMood("good")
          assert.strictEqual((await ask(cut, path, { token })).status, 200)
        } finally {
          await cut.close()
        }
      }
    })
  })
}
