/**
 * The routes about the process itself: health, metrics, the OpenAPI document, the public keys.
 * @module
 */
import { Clock, Effect, Schema } from "effect"
import { PrometheusMetrics } from "effect/observability"
import type { JSONWebKeySet } from "jose"
import { EventStore } from "../core/EventStore.ts"
import { elapsedMs } from "../runtime/Host.ts"
import type { Health } from "./health.ts"
import type { Answer } from "./refuse.ts"
import { NotReady } from "./refusals.ts"
import { ok, type Operation, type Route } from "./route.ts"

const text = (body: string): Answer => ({
  status: 200,
  headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
  body,
})
const Status = (status: string) => Schema.Struct({ status: Schema.Literal(status) })
const Any = Schema.Record(Schema.String, Schema.Json)

/** A route that needs no token unless scopes are named, and answers while draining. */
export const get = (
  path: string,
  operationId: string,
  summary: string,
  schema: Schema.Constraint,
  handle: Route["handle"],
  more: { readonly mediaType?: string; readonly errors?: Operation["errors"]; readonly scopes?: Route["scopes"] } = {},
): Route => ({
  method: "GET",
  path,
  scopes: more.scopes ?? [],
  whileDraining: true,
  operation: {
    operationId,
    summary,
    parameters: [],
    errors: more.errors ?? [],
    ok: { description: summary, mediaType: more.mediaType ?? "application/json", schema },
  },
  handle,
})

/** No stream has this name: aggregates begin with a capital letter. */
const probed = { tenant: "health", aggregate: "health", id: "ready" }
/** A store that does not answer within this time counts as failing; a load balancer waits no longer. */
const probeMs = 2_000
const notReady = new NotReady({ retryAfterSeconds: 1 })

const ready = (health: Health, isDraining: () => boolean) =>
  Effect.fnUntraced(function* () {
    if (isDraining()) return yield* notReady
    const store = yield* EventStore
    const failed = yield* store.head(probed).pipe(
      Effect.timeout(probeMs),
      Effect.match({ onFailure: () => true, onSuccess: () => false }),
    )
    const now = elapsedMs(yield* Clock.Clock)
    health.probed(failed, now)
    return health.isFailing(now) ? yield* notReady : ok('{"status":"ready"}')
  })

export interface Parts {
  readonly health: Health
  readonly isDraining: () => boolean
  /** Where this process mints tokens itself. */
  readonly jwks: JSONWebKeySet | undefined
  /** JSON text; asked for once. */
  readonly openapi: () => string
  readonly asyncapi: () => string
}

export const routes = ({ asyncapi, health, isDraining, jwks, openapi }: Parts): ReadonlyArray<Route> => {
  let document: string | undefined
  let live: string | undefined
  const keys = JSON.stringify(jwks)
  return [
    get("/health/live", "live", "The process runs", Status("live"), () => Effect.succeed(ok('{"status":"live"}'))),
    get("/health/ready", "ready", "The process takes work", Status("ready"), ready(health, isDraining), {
      errors: ["NotReady"],
    }),
    get(
      "/metrics",
      "metrics",
      "Metrics for Prometheus",
      Schema.String,
      () => Effect.map(PrometheusMetrics.format(), text),
      {
        mediaType: "text/plain",
        scopes: ["ops"],
      },
    ),
    get("/openapi.json", "openapi", "This document", Any, () => Effect.sync(() => ok(document ??= openapi()))),
    get(
      "/asyncapi.json",
      "asyncapi",
      "The document of the stream",
      Any,
      () => Effect.sync(() => ok(live ??= asyncapi())),
    ),
    ...jwks === undefined
      ? []
      : [get("/.well-known/jwks.json", "jwks", "Public keys", Any, () => Effect.succeed(ok(keys)))],
  ]
}
