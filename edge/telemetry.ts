/**
 * What is told of a request: a span, a log line, two metrics. Route templates and statuses only: never an id, a query,
 * a token or a payload.
 * @module
 */
import { type Context, Effect, Metric, Option, type Tracer } from "effect"
import { HttpTraceContext } from "effect/http"
import * as metrics from "../core/metrics.ts"
import type { EdgeRequest, Served } from "./route.ts"

export const HttpRequests = metrics.counter("HttpRequests", "Requests answered")
export const HttpLatency = metrics.histogram(
  "HttpLatency",
  "Milliseconds from the head of a request to its answer",
  0.25,
  16,
)

/** The part of a route that telemetry names. */
export type Named = Pick<Served, "method" | "path" | "routine">

/** Counts and times the answers of one route; each series is made once. */
export const counter = ({ method, path: route }: Named) => {
  const latency = Metric.withAttributes(HttpLatency, { method, route })
  const byStatus = new Map<number, Metric.Metric<number, unknown>>()
  return (context: Context.Context<never>, status: number, ms: number): void => {
    let requests = byStatus.get(status)
    if (requests === undefined) {
      byStatus.set(status, requests = Metric.withAttributes(HttpRequests, { method, route, status: String(status) }))
    }
    requests.updateUnsafe(1, context)
    latency.updateUnsafe(ms, context)
  }
}

/** The span that the caller's `traceparent` names, if it is a good one. */
const parentOf = (traceparent: string | null): Tracer.ExternalSpan | undefined =>
  traceparent === null ? undefined : Option.getOrUndefined(HttpTraceContext.w3c({ traceparent } as never))

/** The options of the span of a request on this route. */
export const spanOptions = ({ method, path, routine }: Named) => {
  const attributes = { "http.route": path, "http.request.method": method }
  return (request: EdgeRequest): Tracer.SpanOptions => {
    const parent = parentOf(request.headers.get("traceparent"))
    const options = { kind: "server", attributes, captureStackTrace: false } as const
    // Probes and scrapes would fill every page of a trace viewer: they are traced only where their caller asks for it.
    return parent === undefined ? { ...options, root: true, sampled: !routine } : { ...options, parent }
  }
}

/** One line a request; those of the routine kind (health, metrics, documents) are for debugging. */
export const log = ({ method, path: route, routine }: Named, status: number, ms: number, traceId: string) => {
  const line = routine ? Effect.logDebug("request") : Effect.logInfo("request")
  return Effect.annotateLogs(line, { method, route, status, ms: Math.round(ms * 100) / 100, traceId })
}
