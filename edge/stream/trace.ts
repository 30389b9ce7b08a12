/**
 * The span of a frame: it continues the trace of the command whose event it carries, so that one trace runs from the
 * request over the commit to whoever was told.
 * @module
 */
import { type Clock, Exit, Option, type Tracer } from "effect"
import { HttpTraceContext } from "effect/http"
import type { StoredEvent } from "../../core/EventStore.ts"

/** A frame of many events names the traces of so many at most. */
const linksMax = 10

const spanOf = (traceparent: string): Tracer.ExternalSpan | undefined =>
  Option.getOrUndefined(HttpTraceContext.w3c({ traceparent } as never))

/** Sends a frame inside its span, where somebody looks at spans and the first event of a trace is sampled. */
export const traced = (
  tracer: Tracer.Tracer | undefined,
  clock: Clock.Clock,
  events: ReadonlyArray<StoredEvent>,
  send: () => void,
): void => {
  if (tracer === undefined) return send()
  const traces = [...new Set(events.flatMap(({ traceparent }) => traceparent?.endsWith("-01") ? [traceparent] : []))]
  const [parent, ...others] = traces.slice(0, linksMax).flatMap((one) => spanOf(one) ?? [])
  if (parent === undefined) return send()
  const span = tracer.span({
    name: "stream.frame",
    parent: Option.some(parent),
    annotations: parent.annotations,
    links: others.map((span) => ({ span, attributes: {} })),
    startTime: clock.currentTimeNanosUnsafe(),
    kind: "producer",
    root: false,
    sampled: true,
  })
  span.attribute("stream.frame.events", events.length)
  send()
  span.end(clock.currentTimeNanosUnsafe(), Exit.void)
}
