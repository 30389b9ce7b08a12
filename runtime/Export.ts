/**
 * Writes all that a store holds as lines, page by page; a file that broke off is continued.
 * @module
 */
import { Effect } from "effect"
import { Archive } from "../core/Archive.ts"
import { EventStore, type StoredEvent } from "../core/EventStore.ts"
import { Limits } from "../core/Limits.ts"
import type { Digest } from "./ArchiveFile.ts"
import * as ArchiveLine from "./ArchiveLine.ts"

export interface Counts {
  readonly events: number
  readonly receipts: number
}

/** What is in the file: its header, whole events, nothing else; all of it was given to the digest. */
export interface Begun {
  readonly announced: number
  readonly events: number
  readonly last: StoredEvent | undefined
}

export interface Options<E, R> {
  /** Its events and receipts alone; all where absent. */
  readonly tenant: string | undefined
  readonly begun: Begun | undefined
  readonly digest: Digest
  /** Takes one or more whole lines, in order. */
  readonly write: (text: string) => Effect.Effect<void, E, R>
  readonly progress: (counts: Counts, total: number) => void
}

/**
 * Exports the events that the feed holds at the start, then the receipts of refusals and no-ops. `undefined`: what was
 * begun is of another store.
 */
export const run = Effect.fn("Export.run")(function* <E, R>(options: Options<E, R>) {
  const { begun, digest, progress, tenant } = options
  const [archive, store, { page }] = [yield* Archive, yield* EventStore, yield* Limits]
  const write = (lines: ReadonlyArray<ArchiveLine.Line>) => {
    const text = lines.map((line) => `${ArchiveLine.encode(line)}\n`).join("")
    digest.update(text)
    return options.write(text)
  }
  const mine = (one: string) => tenant === undefined || tenant === one

  const announced = begun?.announced ?? (yield* archive.events(tenant))
  if (begun === undefined) yield* write([{ _tag: "Header", tenant, events: announced }])
  let cursor: string | undefined
  if (begun?.last !== undefined) {
    const { last } = begun
    const [there] = yield* store.read(last, last.version - 1, 1)
    cursor = there?.eventId === last.eventId ? yield* archive.cursorBehind(last, last.version) : undefined
    if (cursor === undefined) return undefined
  }
  let events = begun?.events ?? 0
  while (events < announced) {
    const { cursor: next, items } = yield* Effect.catchTag(store.feed(cursor, page), "BadCursor", Effect.die)
    // Nothing leaves a feed: what was begun is of another store.
    if (items.length === 0) return undefined
    cursor = next
    const wanted = items.filter((event) => mine(event.tenant)).slice(0, announced - events)
    events += wanted.length
    yield* write(wanted.map((event) => ({ _tag: "Event", event })))
    progress({ events, receipts: 0 }, announced)
    yield* Effect.yieldNow
  }

  let receipts = 0
  cursor = undefined
  do {
    const found: Effect.Success<ReturnType<typeof archive.receipts>> = yield* Effect.catchTag(
      archive.receipts(cursor, page),
      "BadCursor",
      Effect.die,
    )
    cursor = found.cursor
    const wanted = found.items.filter(({ stream }) => mine(stream.tenant))
    receipts += wanted.length
    yield* write(wanted.map((receipt) => ({ _tag: "Receipt", receipt })))
    yield* Effect.yieldNow
  } while (cursor !== undefined)
  yield* write([{ _tag: "End", events, receipts, sha256: digest.hex() }])
  return { events, receipts }
})
