/**
 * Calls of Glue's API through AWS's own client, which signs them and finds who we are; and what its errors mean.
 * @module
 */
import { Effect, type Scope } from "effect"
import { FetchHttpClient } from "effect/http"
import type { RegistryUnavailable } from "../../../core/SchemaRegistry.ts"
import { Unusable } from "../../exchange.ts"
import { quoted, unavailable } from "../../RemoteRegistry.ts"
import * as transport from "./transport.ts"

export interface Settings {
  readonly registry: string
  readonly region: string
  /** Where Glue is, if not where AWS has it. */
  readonly endpoint?: string
}

/** An error of Glue's own; `code` is its name there. */
export interface Failed {
  readonly _tag: "Failed"
  readonly code: string
  readonly message: string
}
export type Asked<A> = Effect.Effect<A, Failed | RegistryUnavailable>

const notLetIn =
  /^(AccessDenied|UnrecognizedClient|InvalidSignature|ExpiredToken|IncompleteSignature|MissingAuth|Credentials)/

const failureOf = (error: unknown): Failed | RegistryUnavailable => {
  if (error instanceof Unusable) return unavailable(error.reason)
  const { $metadata, message = "", name: code = "" } = error as {
    readonly name?: string
    readonly message?: string
    readonly $metadata?: { readonly httpStatusCode?: number }
  }
  if (notLetIn.test(code)) return unavailable("not let in")
  if ($metadata?.httpStatusCode === 400 && !/^Throttling/.test(code)) return { _tag: "Failed", code, message }
  return unavailable(/^\w{1,64}$/.test(code) ? code : "unreachable")
}

export const orUnavailable = <A>(asked: Asked<A>): Effect.Effect<A, RegistryUnavailable> =>
  Effect.catchTag(asked, "Failed", ({ code }) => Effect.fail(unavailable(quoted(code))))

export const orNothing = <A>(asked: Asked<A>): Effect.Effect<A | undefined, RegistryUnavailable> =>
  Effect.catchTag(
    asked,
    "Failed",
    ({ code }) => code === "EntityNotFoundException" ? Effect.undefined : Effect.fail(unavailable(quoted(code))),
  )

type Sdk = typeof import("@aws-sdk/client-glue")

/** Loaded here and not above: whoever has another registry does not pay for it, nor need to have it. */
const sdk: Effect.Effect<Sdk> = Effect.orDie(Effect.tryPromise({
  try: () => import("@aws-sdk/client-glue"),
  catch: () => new Error("NEXUS_REGISTRY is glue: add the package @aws-sdk/client-glue to the application"),
}))

type Client = InstanceType<Sdk["Glue"]>
export type Ask = <A>(send: (client: Client, signal: { readonly abortSignal: AbortSignal }) => Promise<A>) => Asked<A>

/** Attempts of one call: throttled, refused for the moment, cut off. Between them the client waits by itself. */
const maxAttempts = 3

export const make = (
  { endpoint, region }: Settings,
  bytesMax: number,
): Effect.Effect<Ask, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { Glue } = yield* sdk
    const fetch = yield* FetchHttpClient.Fetch
    const client = yield* Effect.acquireRelease(
      Effect.sync(() =>
        new Glue({
          region,
          maxAttempts,
          ...endpoint === undefined ? {} : { endpoint },
          requestHandler: transport.make(fetch, bytesMax),
        })
      ),
      (client) => Effect.sync(() => client.destroy()),
    )
    return (send) => Effect.tryPromise({ try: (abortSignal) => send(client, { abortSignal }), catch: failureOf })
  })
