/**
 * What a foreign event store remembers: lines of JSON in one file, and the indexes that reading them gives.
 * @module
 */
import { EventStore, Stream } from "nexus-actors/core"
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs"

/** The outcome of one command; `at` is when a refusal or no-op was decided, for those are forgotten in time. */
export interface Line {
  readonly stream: Stream.StreamKey
  readonly events: ReadonlyArray<EventStore.StoredEvent>
  readonly receipt: EventStore.Receipt
  readonly at: number
}

export interface Journal {
  readonly log: ReadonlyArray<EventStore.StoredEvent>
  readonly streams: ReadonlyMap<string, ReadonlyArray<EventStore.StoredEvent>>
  readonly outcomes: ReadonlyMap<string, Line>
  /** Takes a line into the indexes; `flush` makes all of them durable, in one write. */
  readonly add: (line: Line) => void
  readonly flush: () => void
  readonly close: () => void
}

export const outcomeKey = (stream: Stream.StreamKey, commandId: string): string =>
  `${Stream.keyOf(stream)}/${commandId}`

export const open = (file: string): Journal => {
  const log: Array<EventStore.StoredEvent> = []
  const streams = new Map<string, Array<EventStore.StoredEvent>>()
  const outcomes = new Map<string, Line>()
  let pending = ""
  const index = (line: Line) => {
    const key = Stream.keyOf(line.stream)
    log.push(...line.events)
    if (line.events.length > 0) streams.set(key, [...streams.get(key) ?? [], ...line.events])
    outcomes.set(outcomeKey(line.stream, line.receipt.commandId), line)
  }
  const text = existsSync(file) ? readFileSync(file, "utf8") : ""
  // A torn last line was never acknowledged.
  for (const line of text.slice(0, text.lastIndexOf("\n") + 1).split("\n")) if (line !== "") index(JSON.parse(line))
  const handle = openSync(file, "a")
  return {
    log,
    streams,
    outcomes,
    add: (line) => {
      index(line)
      pending += `${JSON.stringify(line)}\n`
    },
    flush: () => {
      if (pending === "") return
      writeSync(handle, pending)
      fsyncSync(handle)
      pending = ""
    },
    close: () => closeSync(handle),
  }
}
