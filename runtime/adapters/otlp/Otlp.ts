/**
 * Sends traces and metrics to an OTLP/HTTP receiver; where it is slow, wrong or gone, only what it would have got is lost.
 * @module
 */
import { Effect, Layer, type Scope, Tracer } from "effect"
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest } from "effect/http"
import { OtlpExporter, OtlpMetrics, OtlpResource, OtlpSerialization } from "effect/observability"
import { Limits } from "../../../core/Limits.ts"
import * as SpanQueue from "./SpanQueue.ts"

export interface Settings {
  /** Without a slash at its end; `/v1/traces` and `/v1/metrics` come behind it. */
  readonly endpoint: string
  readonly protocol: "http/json" | "http/protobuf"
  /** Secrets as a rule: they appear in no log. */
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
  readonly attributes: Readonly<Record<string, string>>
}

type Needs = HttpClient.HttpClient | OtlpSerialization.OtlpSerialization | Scope.Scope

const scope = { name: "nexus" }

const tracer = Effect.fnUntraced(function* (
  { attributes, endpoint, headers, serviceName }: Settings,
): Effect.fn.Return<Tracer.Tracer, never, Needs> {
  const client = yield* HttpClient.HttpClient
  const serialization = yield* OtlpSerialization.OtlpSerialization
  const resource = OtlpResource.make({ serviceName, attributes })
  const request = HttpClientRequest.post(`${endpoint}/v1/traces`, { headers })
  const queue = yield* SpanQueue.make(yield* Limits, (spans) => {
    const body = serialization.traces({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [...spans] }] }] })
    return client.execute(HttpClientRequest.setBody(request, body)).pipe(
      Effect.match({ onFailure: () => "later" as const, onSuccess: ({ status }) => verdict(status) }),
      Effect.withTracerEnabled(false),
    )
  })
  return Tracer.make({ span: (options) => new SpanQueue.ExportedSpan(options, queue.offer) })
})

/** What the receiver will never take is lost at once. Source: OTLP specification, "retryable response codes". */
const verdict = (status: number): SpanQueue.Verdict =>
  status >= 200 && status < 300 ? "taken" : [429, 502, 503, 504].includes(status) ? "later" : "refused"

/** Follows no redirect, which would carry the headers to a host that nobody named, and waits for no answer for ever. */
const client = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function* () {
    const { exportTimeoutMs } = yield* Limits
    return HttpClient.transform(
      yield* HttpClient.HttpClient,
      (answer, request) =>
        Effect.timeoutOrElse(Effect.tap(answer, (response) => response.arrayBuffer), {
          duration: exportTimeoutMs,
          orElse: () =>
            Effect.fail(
              new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request }) }),
            ),
        }),
    )
  }),
).pipe(
  Layer.provide(FetchHttpClient.layer),
  Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "error" })),
)

/** Provides a tracer whose sampled spans are sent, and sends all metrics every ten seconds and at the end. */
export const layer = (settings: Settings): Layer.Layer<never> => {
  const { attributes, endpoint, headers, protocol, serviceName } = settings
  const resource = { serviceName, attributes }
  const metrics = Effect.flatMap(
    Limits,
    ({ exportFlushMs }) =>
      OtlpMetrics.make({ url: `${endpoint}/v1/metrics`, headers, resource, shutdownTimeout: exportFlushMs }),
  )
  return Layer.effect(Tracer.Tracer, tracer(settings)).pipe(
    Layer.merge(Layer.effectDiscard(metrics).pipe(Layer.provide(OtlpExporter.layerFlusher))),
    Layer.provide(protocol === "http/json" ? OtlpSerialization.layerJson : OtlpSerialization.layerProtobuf),
    Layer.provide(client),
  )
}
