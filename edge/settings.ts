/**
 * Where and for whom a process serves, from its environment. Half a configuration is refused, never guessed.
 * @module
 */
import { Result } from "effect"
import { isSafe } from "./address.ts"
import * as otel from "./otel.ts"
import * as registry from "./registry.ts"
import * as store from "./store.ts"

export type Environment = { readonly [name: string]: string | undefined }

/** Tokens of an issuer elsewhere. */
export interface Issuer {
  readonly issuer: string
  readonly audience: string
  readonly jwksUrl: string
}

export interface Settings {
  readonly production: boolean
  /** Runs in CI, where nothing is registered by the way: `CI=true`, as CI systems set it. */
  readonly ci: boolean
  /** The folder of the store and, without an issuer, of the key. */
  readonly data: string
  readonly hostname: string
  readonly port: number
  /** Absent: the process makes its own key and mints tokens itself. Never in production. */
  readonly issuer: Issuer | undefined
  readonly tenantClaim: string
  /** Web origins other than our own whose pages may call us; none where nothing is said. */
  readonly origins: ReadonlyArray<string>
  /** An OPA server that decides in place of the compiled policies. */
  readonly opaUrl: string | undefined
  /** Where traces and metrics go; nowhere if absent. */
  readonly telemetry: otel.Telemetry | undefined
  readonly registry: registry.Choice
  readonly store: store.Store
  /** The parts of the work that this process does. */
  readonly roles: ReadonlyArray<store.Role>
}

const urlFault = (name: string, text: string | undefined): ReadonlyArray<string> =>
  text === undefined || isSafe(text) ? [] : [`${name} must be an https URL (http only for loopback)`]

/** As browsers write it: scheme, host and port, nothing behind them. No wildcard: it would let any page in. */
const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text

/** The settings, or every reason why there are none. */
export const fromEnvironment = (env: Environment): Result.Result<Settings, ReadonlyArray<string>> => {
  // An empty variable is an absent one: that is how shells and containers unset them.
  const get = (name: string): string | undefined => env[name] === "" ? undefined : env[name]
  const faults: Array<string> = []
  const mode = get("NEXUS_ENV") ?? "development"
  if (mode !== "production" && mode !== "development") {
    faults.push(`NEXUS_ENV is "${mode}": use "production" or "development"`)
  }
  const production = mode === "production"

  const names = ["NEXUS_ISSUER", "NEXUS_AUDIENCE", "NEXUS_JWKS_URL"] as const
  const [issuer, audience, jwksUrl] = names.map(get)
  const missing = names.filter((name) => get(name) === undefined)
  const named = missing.length < names.length
  if (missing.length > 0 && (production || named)) {
    const why = production ? "production has no default key" : "an issuer needs all three"
    faults.push(...missing.map((name) => `${name} is missing: ${why}`))
  }
  const opaUrl = get("NEXUS_OPA_URL")
  faults.push(...urlFault("NEXUS_JWKS_URL", jwksUrl), ...urlFault("NEXUS_OPA_URL", opaUrl))

  const origins = (get("NEXUS_ORIGINS") ?? "").split(",").map((origin) => origin.trim()).filter((origin) =>
    origin !== ""
  )
  for (const origin of origins.filter((origin) => !isOrigin(origin))) {
    faults.push(`NEXUS_ORIGINS holds "${origin}": use origins like https://shop.example, parted by commas`)
  }

  const telemetry = otel.read(get, faults)
  const choice = registry.read(get, faults)
  const kept = store.read(get, faults)
  const roles = store.rolesOf(get, faults, kept)
  // Workers beside an API on one machine: whoever asks for their health says where.
  const portText = get("PORT") ?? (roles.includes("api") ? "8787" : "0")
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : NaN
  if (!(port <= 65_535)) faults.push(`PORT is "${portText}": use a number from 0 to 65535`)

  return faults.length > 0 ? Result.fail(faults) : Result.succeed({
    production,
    ci: ["true", "1"].includes(get("CI") ?? ""),
    data: get("NEXUS_DATA") ?? "./data",
    hostname: get("NEXUS_HOST") ?? "127.0.0.1",
    port,
    issuer: named ? { issuer: issuer!, audience: audience!, jwksUrl: jwksUrl! } : undefined,
    tenantClaim: get("NEXUS_TENANT_CLAIM") ?? "tenant",
    origins,
    opaUrl,
    telemetry,
    registry: choice,
    store: kept,
    roles,
  })
}
