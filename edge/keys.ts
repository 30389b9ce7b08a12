/**
 * Where the public keys come from that verify tokens: a fixed set, or a JWKS URL with a bounded cache.
 * @module
 */
import { Clock, Effect } from "effect"
import { createLocalJWKSet, type CryptoKey, type JSONWebKeySet } from "jose"
import type { Limits } from "../core/Limits.ts"
import { fetchText } from "../runtime/exchange.ts"
import { KeysUnavailable } from "./refusals.ts"

/** All of a token's header that is ever looked at: `jku`, `jwk` and `x5u` have no way in. */
export interface KeyHeader {
  readonly alg: string
  readonly kid: string | undefined
}

/** The one key that fits a header, or nothing. */
export type Keys = (header: KeyHeader) => Effect.Effect<CryptoKey | undefined, KeysUnavailable>

type Find = (header: KeyHeader) => Promise<CryptoKey | undefined>

const finder = (set: JSONWebKeySet): Find => {
  const find = createLocalJWKSet(set)
  // It throws where no key fits, or more than one: neither verifies anything.
  return ({ alg, kid }) => find(kid === undefined ? { alg } : { alg, kid }).catch(() => undefined)
}

/** The keys of a set that does not change. */
export const fixed = (set: JSONWebKeySet): Keys => {
  const find = finder(set)
  return (header) => Effect.promise(() => find(header))
}

export type JwksLimits = Pick<
  Limits,
  "jwksTimeoutMs" | "jwksBytes" | "jwksMaxAgeMs" | "jwksStaleMs" | "jwksFetchesPerMinute"
>

const fetchSet = async (url: string, limits: JwksLimits): Promise<Find> => {
  const question = { method: "GET", url, headers: { accept: "application/json" } }
  const text = await fetchText(fetch, question, limits.jwksBytes, AbortSignal.timeout(limits.jwksTimeoutMs))
  return finder(JSON.parse(text) as JSONWebKeySet)
}

/**
 * The keys behind a URL: fetched when first asked for, when old, and when a `kid` is unknown; callers that come
 * meanwhile wait for the same fetch. However many unknown kids come, fetches stay within their rate.
 */
export const remote = (url: string, limits: JwksLimits): Keys => {
  let find: Find | undefined
  let fetchedAt = 0
  let underWay: Promise<void> | undefined
  const attempts: Array<number> = []

  const refresh = (now: number): Effect.Effect<void> => {
    if (underWay === undefined) {
      while (attempts.length > 0 && (now - attempts[0]! >= 60_000 || now < attempts[0]!)) attempts.shift()
      if (attempts.length >= limits.jwksFetchesPerMinute) return Effect.void
      attempts.push(now)
      underWay = fetchSet(url, limits).then((fetched) => {
        find = fetched
        fetchedAt = now
      }, () => {/* the keys there are serve on, until they are too old */}).finally(() => underWay = undefined)
    }
    return Effect.promise(() => underWay ?? Promise.resolve())
  }

  return Effect.fnUntraced(function* (header) {
    const now = yield* Clock.currentTimeMillis
    // A clock that went back must not make old keys young.
    const age = () => Math.abs(now - fetchedAt)
    if (find === undefined || age() > limits.jwksMaxAgeMs) yield* refresh(now)
    if (find === undefined || age() > limits.jwksStaleMs) {
      return yield* new KeysUnavailable({ retryAfterSeconds: Math.ceil(60 / limits.jwksFetchesPerMinute) })
    }
    const known = yield* Effect.promise(() => find!(header))
    if (known !== undefined) return known
    yield* refresh(now)
    return yield* Effect.promise(() => find!(header))
  })
}
