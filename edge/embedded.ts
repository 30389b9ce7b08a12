/**
 * The key pair of a process that is its own issuer: for development and single machines, never for production.
 * @module
 */
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  SignJWT,
} from "jose"

export const issuer = "urn:nexus:embedded"
export const audience = "nexus"
const alg = "ES256"

/** A fresh private key as JSON text. */
export const generate = async (): Promise<string> => {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(privateKey)
  return JSON.stringify({ ...jwk, alg, use: "sig", kid: await calculateJwkThumbprint(jwk) })
}

const damaged =
  "key.json is no key that Nexus made: move it away, and a new one is made; tokens of the old one end with it"

/** The private key that `generate` wrote; of any other text it says what to do, and shows nothing. */
export const parse = async (text: string): Promise<JWK> => {
  try {
    const key = JSON.parse(text) as JWK
    await mint(key, { tenant: "", subject: "", scope: "", ttlSeconds: 0, nowMs: 0 })
    if (key.kid !== undefined && key.d !== undefined) return key
  } catch {
    // What is wrong with it does not matter: nobody mends a key.
  }
  throw new Error(damaged)
}

/** What may be served: the same key without its secret. */
export const publicSet = ({ d: _secret, ...jwk }: JWK): JSONWebKeySet => ({ keys: [jwk] })

export interface Claims {
  readonly tenant: string
  readonly subject: string
  /** Separated by spaces. */
  readonly scope: string
  readonly ttlSeconds: number
  readonly nowMs: number
}

/** A signed token. */
export const mint = async (key: JWK, { nowMs, scope, subject, tenant, ttlSeconds }: Claims): Promise<string> => {
  const iat = Math.floor(nowMs / 1000)
  return new SignJWT({ tenant, scope })
    .setProtectedHeader({ alg, kid: key.kid!, typ: "JWT" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt(iat)
    .setExpirationTime(iat + ttlSeconds)
    .sign(await importJWK(key, alg))
}
