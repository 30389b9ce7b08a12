/**
 * What is counted of the stream. Names are stable: alarms and dashboards are written against them.
 * @module
 */
import { type Context, Metric } from "effect"
import { counter, gauge } from "../../core/metrics.ts"

export const SocketsOpen = gauge("SocketsOpen", "WebSockets open")
export const SocketsClosed = counter("SocketsClosed", "WebSockets closed, by code")
export const FramesSent = counter("FramesSent", "Frames sent over WebSockets")
export const FramesDelayed = counter("FramesDelayed", "Frames that waited for the rate or for a slow reader")

/** Counts in the registry of a context. */
export interface Count {
  readonly open: (sockets: number) => void
  readonly closed: (code: number) => void
  readonly sent: () => void
  readonly delayed: () => void
}

/** Codes come from clients too: only those that mean something get a series of their own. */
const codes = new Set([1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1013])

export const make = (context: Context.Context<never>): Count => ({
  open: (sockets) => SocketsOpen.updateUnsafe(sockets, context),
  closed: (code) =>
    Metric.withAttributes(SocketsClosed, { code: codes.has(code) ? String(code) : "other" }).updateUnsafe(1, context),
  sent: () => FramesSent.updateUnsafe(1, context),
  delayed: () => FramesDelayed.updateUnsafe(1, context),
})
