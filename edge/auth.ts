/**
 * From a bearer token to a principal. Whatever is wrong with a token, the refusal is one, so that nothing can be probed.
 * @module
 */
import { Clock, Effect } from "effect"
import { decodeProtectedHeader, type JWTPayload, jwtVerify } from "jose"
import { Sha256 } from "../core/Fingerprint.ts"
import type { Limits } from "../core/Limits.ts"
import type { Shape as Principal } from "../core/Principal.ts"
import { idPattern } from "../core/Stream.ts"
import type { KeyHeader, Keys } from "./keys.ts"
import { type KeysUnavailable, Unauthorized } from "./refusals.ts"

/** Asymmetric only: with `HS*` a public key would be the secret, `none` has none. */
const algorithms = [
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
]

export interface AuthSettings {
  readonly issuer: string
  readonly audience: string
  /** The claim that names the tenant; `tenant` where absent. */
  readonly tenantClaim?: string | undefined
  readonly keys: Keys
}

export type AuthLimits = Pick<Limits, "tokenAgeMs" | "clockToleranceMs" | "tokenCache" | "tokenCacheMs">

/** Who asks, and for how long that is known. */
export interface Identity extends Principal {
  /** Milliseconds since 1970: what lasts longer than a request ends then. */
  readonly expiresAt: number
}

/** Verifies the value of an `Authorization` header. */
export type Authenticate = (
  authorization: string | undefined,
) => Effect.Effect<Identity, Unauthorized | KeysUnavailable>

/** One token and nothing else: a repeated header arrives joined by a comma. */
const bearer = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i
/** The `sub` of a good token. */
export const subjectPattern = /^[^\p{Cc}\p{Cs}]{1,255}$/u

const none = new Unauthorized({ came: false })
const bad = new Unauthorized({ came: true })

const headerOf = (token: string): KeyHeader | undefined => {
  try {
    const { alg, kid } = decodeProtectedHeader(token)
    return alg !== undefined && algorithms.includes(alg) ? { alg, kid } : undefined
  } catch {
    return undefined
  }
}

const principalOf = (claims: JWTPayload, tenantClaim: string): Principal | undefined => {
  const { scope = "", sub } = claims
  const tenant = claims[tenantClaim]
  if (typeof tenant !== "string" || !idPattern.test(tenant)) return undefined
  if (typeof sub !== "string" || !subjectPattern.test(sub) || typeof scope !== "string") return undefined
  return { tenant, subject: sub, scopes: scope.split(" ").filter((one) => one !== "") }
}

interface Verified {
  readonly principal: Identity
  /** Milliseconds: good from (the clock may go back) and until then. */
  readonly from: number
  readonly until: number
}

export const make = (settings: AuthSettings, limits: AuthLimits): Authenticate => {
  const { audience, issuer, keys, tenantClaim = "tenant" } = settings
  const cache = new Map<string, Verified>()

  const verify = Effect.fnUntraced(function* (
    token: string,
    now: number,
  ): Effect.fn.Return<Verified, Unauthorized | KeysUnavailable> {
    const header = headerOf(token)
    if (header === undefined) return yield* bad
    const key = yield* keys(header)
    if (key === undefined) return yield* bad
    const { payload } = yield* Effect.tryPromise({
      try: () =>
        jwtVerify(token, key, {
          algorithms,
          issuer,
          audience,
          requiredClaims: ["exp", "iat", "sub", tenantClaim],
          maxTokenAge: limits.tokenAgeMs / 1000,
          clockTolerance: limits.clockToleranceMs / 1000,
          currentDate: new Date(now),
        }),
      catch: () => bad,
    })
    const principal = principalOf(payload, tenantClaim)
    if (principal === undefined) return yield* bad
    const expiresAt = Math.min(payload.exp! * 1000, payload.iat! * 1000 + limits.tokenAgeMs)
    return { principal: { ...principal, expiresAt }, from: now, until: Math.min(now + limits.tokenCacheMs, expiresAt) }
  })

  return Effect.fnUntraced(function* (authorization) {
    if (authorization === undefined) return yield* none
    const token = bearer.exec(authorization)?.[1]
    if (token === undefined) return yield* bad
    const hash = (yield* Sha256)(token)
    const now = yield* Clock.currentTimeMillis
    const known = cache.get(hash)
    if (known !== undefined) {
      if (now >= known.from && now < known.until) return known.principal
      cache.delete(hash)
    }
    const verified = yield* verify(token, now)
    if (cache.size >= limits.tokenCache) cache.delete(cache.keys().next().value!)
    if (verified.until > now) cache.set(hash, verified)
    return verified.principal
  })
}
