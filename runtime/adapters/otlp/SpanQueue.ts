/**
 * Spans on their way to a receiver: a bounded queue, one request at a time, the newest dropped where it is full.
 *
 * Effect's own exporter has as many requests under way as there are full batches, and writes the messages of errors into
 * spans, in which user code puts values; this one says that a span failed, not how.
 * @module
 */
import { Effect, Option, type Scope, Tracer } from "effect"
import type { OtlpTracer } from "effect/observability"
import type { Exit } from "effect"
import { OtlpResource } from "effect/observability"
import type { Limits } from "../../../core/Limits.ts"
import { counter } from "../../../core/metrics.ts"
import * as Defect from "../../Defect.ts"

export const SpansDropped = counter("SpansDropped", "Spans that never reached the receiver of traces")

type Wire = OtlpTracer.ResourceSpan["scopeSpans"][number]["spans"][number]

/** `later`: the same spans may be taken another time. */
export type Verdict = "taken" | "refused" | "later"
export type Send = (spans: ReadonlyArray<Wire>) => Effect.Effect<Verdict>

/** Offers itself when it ends, if it is sampled. */
export class ExportedSpan extends Tracer.NativeSpan {
  private readonly offer: (span: ExportedSpan) => void

  constructor(options: ConstructorParameters<typeof Tracer.NativeSpan>[0], offer: (span: ExportedSpan) => void) {
    super(options)
    this.offer = offer
  }

  override end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    const first = this.status._tag === "Started"
    super.end(endTime, exit)
    if (first && this.sampled) this.offer(this)
  }
}

const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const
const [unset, error] = [0, 2] as const

/** Source: OpenTelemetry, "semantic conventions for HTTP spans": a server's span fails from 500 on. */
const failed = (span: ExportedSpan): boolean =>
  (span.status._tag === "Ended" && span.status.exit._tag === "Failure") ||
  Number(span.attributes.get("http.response.status_code") ?? 0) >= 500

/** As OTLP writes it; events of a span are left out, for they may hold anything. */
export const wire = (span: ExportedSpan): Wire => ({
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: Option.getOrUndefined(span.parent)?.spanId,
  name: span.name,
  kind: kinds[span.kind],
  startTimeUnixNano: String(span.status.startTime),
  endTimeUnixNano: String(span.status._tag === "Ended" ? span.status.endTime : span.status.startTime),
  attributes: OtlpResource.entriesToAttributes(span.attributes),
  droppedAttributesCount: 0,
  events: [],
  droppedEventsCount: 0,
  status: { code: failed(span) ? error : unset },
  links: span.links.map(({ attributes, span: { spanId, traceId } }) => ({
    ...{ traceId, spanId, attributes: OtlpResource.entriesToAttributes(Object.entries(attributes)) },
    droppedAttributesCount: 0,
  })),
  droppedLinksCount: 0,
})

export interface SpanQueue {
  readonly offer: (span: ExportedSpan) => void
}

/** Sends once a second, in batches, until the scope closes; then what is left, for at most `Limits.exportFlushMs`. */
export const make = Effect.fnUntraced(function* (
  limits: Limits,
  send: Send,
): Effect.fn.Return<SpanQueue, never, Scope.Scope> {
  const context = yield* Effect.context<never>()
  const queue: Array<ExportedSpan> = []
  const drop = (count: number) => SpansDropped.updateUnsafe(count, context)
  /** Of the outage under way: one line tells of it, not one a second. */
  let failures = 0

  /** True where a batch was dealt with, for good or ill. */
  const next = Effect.gen(function* () {
    const batch = queue.slice(0, limits.exportBatch)
    if (batch.length === 0) return false
    // What breaks on its way would break again.
    const verdict = yield* Effect.catchDefect(
      Effect.suspend(() => send(batch.map(wire))),
      (defect) => Effect.as(Defect.log("sending traces broke", defect), "refused" as const),
    )
    if (verdict === "taken") failures = 0
    else if (failures++ === 0) yield* Effect.logWarning(`traces: the receiver says "${verdict}"; spans may be lost`)
    if (verdict === "later") return false
    queue.splice(0, batch.length)
    if (verdict === "refused") drop(batch.length)
    return true
  })
  const all = Effect.repeat(next, { while: (more) => more })
  const pauseMs = () => Math.min(1_000 * 2 ** Math.max(0, failures - 1), 30_000)

  // Behind the loop in the order of ends: the loop is gone by then.
  yield* Effect.addFinalizer(() => Effect.timeoutOption(all, limits.exportFlushMs))
  yield* Effect.forkScoped(
    Effect.forever(Effect.andThen(Effect.suspend(() => Effect.sleep(pauseMs())), all)),
  )
  return {
    offer: (span) => {
      if (queue.length >= limits.exportQueue) drop(1)
      else queue.push(span)
    },
  }
})
