/**
 * The spans of a command inside the host: its decision, under the span it was sent in, and its commit under that.
 *
 * Made only where somebody provided a tracer and the command's trace is sampled: else a command costs two comparisons.
 * @module
 */
import { Context, Exit, Option, type Tracer } from "effect"
import type { CommandTask, Task } from "./Actor.ts"
import type { Host } from "./Host.ts"

const open = (host: Host, tracer: Tracer.Tracer, name: string, parent: Tracer.AnySpan): Tracer.Span =>
  tracer.span({
    name,
    parent: Option.some(parent),
    annotations: Context.empty(),
    links: [],
    startTime: host.clock.currentTimeNanosUnsafe(),
    kind: "internal",
    root: false,
    sampled: true,
  })

/** Opens the span of a decision. What the decision stores names it, for whoever reads the events later. */
export const decide = (host: Host, task: Task): Tracer.Span | undefined => {
  if (host.tracer === undefined || task._tag === "Read" || task.span?.sampled !== true) return undefined
  const span = open(host, host.tracer, "nexus.decide", task.span)
  span.attribute("nexus.aggregate", task.request.aggregate)
  span.attribute("nexus.command", task.request.command)
  task.decided = span
  return span
}

/** Opens one span a traced command of the group. */
export const commit = (
  host: Host,
  parts: ReadonlyArray<{ readonly entries: ReadonlyArray<{ readonly task: Task }> }>,
  appends: number,
) => {
  const { tracer } = host
  if (tracer === undefined) return none
  const spans: Array<Tracer.Span> = []
  for (const { entries } of parts) {
    for (const { task } of entries) {
      if (task._tag === "Read" || task.decided === undefined) continue
      const span = open(host, tracer, "nexus.commit", task.decided)
      span.attribute("nexus.group", appends)
      spans.push(span)
    }
  }
  return spans
}
const none: ReadonlyArray<never> = []

export const end = (host: Host, span: Tracer.Span | undefined, exit: Exit.Exit<unknown, unknown> = Exit.void): void =>
  span?.end(host.clock.currentTimeNanosUnsafe(), exit)

/** What the events of a command say of their trace. Source: W3C Trace Context, section 3.2. */
export const parentOf = ({ decided, span }: CommandTask): string | undefined => {
  const by = decided ?? span
  return by && `00-${by.traceId.padStart(32, "0")}-${by.spanId}-${by.sampled ? "01" : "00"}`
}
