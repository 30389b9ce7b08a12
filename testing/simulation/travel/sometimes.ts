/**
 * What should happen to travelling events in some run of many.
 * @module
 */
import type { Travel } from "./run.ts"

const said = (...parts: ReadonlyArray<string>) => ({ logs }: Travel) =>
  logs.some((line) => parts.every((part) => line.includes(part)))

const isMessage = (line: string) => line.includes(`["dead letter"]`) && line.includes(`"kind":"message"`)

/** The name of each, and whether it happened in a run. */
export const sometimesTravel: Readonly<Record<string, (run: Travel) => boolean>> = {
  "record came twice onto the bus": ({ book }) => book.repeats.some(({ what }) => what.endsWith("on the bus")),
  "event handled twice": ({ book }) => book.repeats.some(({ what }) => what.includes(" by ")),
  "stream parked by the router": said(`["dead letter"]`, `"consumer":"router"`),
  "stream parked by a consumer": said(`["dead letter"]`, `"consumer":"clerk"`, `"kind":"stream"`),
  "message given up by its consumer": ({ logs }) =>
    logs.some((line) => isMessage(line) && !line.includes("no consumer said why")),
  "message given up by its queue": ({ logs }) =>
    logs.some((line) => isMessage(line) && line.includes("no consumer said why")),
  "message kept that is no event": said(`["a message in a dead letter queue is no event`),
  "dead letter redriven": said(`["dead letter redriven"]`),
  "stream went on behind a discarded event": said(`["dead letter discarded"]`, `"kind":"stream"`),
  "message discarded": said(`["dead letter discarded"]`, `"kind":"message"`),
  "discard was too late": said(`["nothing was discarded"]`),
  "event skipped": said(`["a consumer skipped an event"]`),
  "stream routed from the store": said("are routed from the store"),
  "consumer looked through all streams": said("looks through all streams"),
  "history trimmed before it was read": said("trimmed before it was read"),
  "lease of a shard lost": said("lease was lost"),
}
