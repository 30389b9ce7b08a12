/**
 * An issuer of tokens under test: signs whatever it is asked to, serves its keys, counts who asks, and can misbehave.
 * @module
 */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** How the key set is answered: as it should be, or as a peer in trouble does. */
export type Mood = "good" | "down" | "garbage" | "redirect" | "huge" | "slow"

export interface Claims {
  readonly [claim: string]: unknown
}

export interface Issuer {
  readonly issuer: string
  readonly audience: string
  readonly jwksUrl: string
  /** A good token; claims given as `undefined` are left out. */
  readonly sign: (claims?: Claims, header?: Claims) => Promise<string>
  readonly token: (tenant: string, scope: string) => Promise<string>
  /** The public key in use. */
  readonly publicJwk: () => JWK
  /** How often the key set was asked for. */
  readonly fetches: () => number
  /** From now on another key signs, and the key set holds it alone. */
  readonly rotate: () => Promise<void>
  readonly setMood: (mood: Mood) => void
  readonly close: () => void
}

/** Signs with any key, so that a token can lie about who signed it. */
export const signWith = (key: CryptoKey | Uint8Array, header: Claims, claims: Claims): Promise<string> =>
  new SignJWT(claims).setProtectedHeader(header as never).sign(key)

export const claimsOf = (issuer: string, audience: string, claims: Claims = {}): Claims => {
  const now = Math.floor(Date.now() / 1000)
  const all = { iss: issuer, aud: audience, iat: now, exp: now + 600, sub: "s", tenant: "t", scope: "read", ...claims }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

export const open = async (): Promise<Issuer> => {
  let generation = 0
  const makeKey = async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true })
    const kid = `key-${++generation}`
    return { privateKey, kid, jwk: { ...await exportJWK(publicKey), kid, alg: "ES256", use: "sig" } as JWK }
  }
  let key = await makeKey()
  let mood: Mood = "good"
  let fetches = 0

  const say = (response: ServerResponse, body: string) => {
    response.setHeader("content-type", "application/json")
    response.end(body)
  }
  const answer: { readonly [M in Mood]: (response: ServerResponse) => void } = {
    good: (response) => say(response, JSON.stringify({ keys: [key.jwk] })),
    down: (response) => void response.writeHead(500).end(),
    garbage: (response) => say(response, "<html>"),
    redirect: (response) => void response.writeHead(302, { location: "/elsewhere" }).end(),
    huge: (response) => say(response, JSON.stringify({ keys: [key.jwk], more: "x".repeat(300_000) })),
    slow: () => {},
  }
  const server = createServer((request, response) => {
    if (request.url === "/elsewhere") return answer.good(response)
    fetches++
    answer[mood](response)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const [issuer, audience] = ["https://issuer.test", "nexus-test"]
  const sign: Issuer["sign"] = (claims, header) =>
    signWith(key.privateKey, { alg: "ES256", kid: key.kid, ...header }, claimsOf(issuer, audience, claims))
  return {
    issuer,
    audience,
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    sign,
    token: (tenant, scope) => sign({ tenant, scope }),
    publicJwk: () => key.jwk,
    fetches: () => fetches,
    rotate: async () => void (key = await makeKey()),
    setMood: (next) => void (mood = next),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
