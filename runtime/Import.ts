/**
 * Brings the lines of an export into a store, as they are; what is there already is compared, not stored again.
 *
 * An event is stored only where the registry holds its subject and one of its revisions fits, as if it were sent on. Whole
 * appends alone are stored, some hundred in one transaction, so an import that was killed is started again.
 * @module
 */
import { Effect, Schedule } from "effect"
import type { EventInvalid } from "../core/ActorError.ts"
import { Archive, type Entry } from "../core/Archive.ts"
import type { StoredEvent, StoreOutcomeUnknown, StoreUnavailable } from "../core/EventStore.ts"
import type { RegistryUnavailable, SchemaNotRegistered } from "../core/SchemaRegistry.ts"
import { BadFile, together } from "./ArchiveFile.ts"
import type * as ArchiveLine from "./ArchiveLine.ts"
import type { CachedRegistry } from "./CachedRegistry.ts"
import * as Routable from "./Routable.ts"

export interface Counts {
  /** Appends and receipts stored now. */
  readonly stored: number
  /** Those that were there. */
  readonly present: number
  /** Receipts of no use here: expired, or decided on events that are not in the file. */
  readonly skipped: number
}

type Failure = BadFile | RegistryUnavailable | StoreUnavailable | StoreOutcomeUnknown
export interface Import {
  readonly counts: () => Counts
  /** Takes the next line of a file that was scanned to its end before. */
  readonly take: (line: ArchiveLine.Line, number: number) => Effect.Effect<void, Failure>
  /** Stores what is still in hand. */
  readonly finish: Effect.Effect<Counts, Failure>
}

/** Entries and characters of payload of one transaction, whichever is reached first. */
const entriesMax = 500
const charactersMax = 2_000_000
/** Another process holds the write lock: it is asked again so often, so far apart. */
const lockedTimes = 500
const lockedPause = "20 millis"

/** Whether the event of a line may be stored; `BadFile` says why not, without any value of it. */
export type Governed = (event: StoredEvent, line: number) => Effect.Effect<void, BadFile | RegistryUnavailable>

const ungoverned = (error: EventInvalid | SchemaNotRegistered): string =>
  error._tag === "SchemaNotRegistered"
    ? `${error.subject} is not registered: lock its schema in the application, or register it`
    : `it fits no registered revision of ${error.subject}: ${
      error.issues.map(({ pointer, rule }) => `${pointer || "(all)"} ${rule}`).join("; ")
    }`

export const governed: Effect.Effect<Governed, never, CachedRegistry> = Effect.map(
  Routable.make,
  (check): Governed => (event, line) =>
    Effect.mapError(
      check(event),
      (error) => error._tag === "RegistryUnavailable" ? error : new BadFile({ line, reason: ungoverned(error) }),
    ),
)

export const make: Effect.Effect<Import, never, Archive | CachedRegistry> = Effect.gen(function* () {
  const archive = yield* Archive
  const govern = yield* governed
  const counts = { stored: 0, present: 0, skipped: 0 }
  /** One append may go on with the next line. */
  let open: { readonly events: Array<StoredEvent>; readonly line: number } | undefined
  let waiting: Array<{ readonly entry: Entry; readonly line: number }> = []
  let characters = 0

  const restore = (entries: ReadonlyArray<Entry>) =>
    Effect.retry(archive.restore(entries), {
      while: (error) => error._tag === "StoreUnavailable" && error.reason === "locked",
      times: lockedTimes,
      schedule: Schedule.spaced(lockedPause),
    })
  const flush = Effect.suspend(() => {
    const batch = waiting
    waiting = []
    characters = 0
    return batch.length === 0 ? Effect.void : Effect.flatMap(restore(batch.map(({ entry }) => entry)), (all) => {
      for (const outcome of all) {
        if (outcome === "Stored") counts.stored++
        else if (outcome === "Present") counts.present++
        else if (outcome === "Skipped") counts.skipped++
      }
      return all.at(-1) === "Conflict" ? Effect.fail(conflict(batch[all.length - 1]!)) : Effect.void
    })
  })
  const close = (): void => {
    if (open !== undefined) waiting.push({ entry: { _tag: "Events", events: open.events }, line: open.line })
    open = undefined
  }
  return {
    counts: () => ({ ...counts }),
    take: Effect.fnUntraced(function* (line, number) {
      if (line._tag === "Event") {
        const { event } = line
        yield* govern(event, number)
        if (open !== undefined && together(open.events.at(-1)!, event)) open.events.push(event)
        else {
          close()
          if (waiting.length >= entriesMax || characters >= charactersMax) yield* flush
          open = { events: [event], line: number }
        }
        characters += event.payload.length
      } else if (line._tag === "Receipt") {
        close()
        if (waiting.length >= entriesMax) yield* flush
        waiting.push({ entry: { _tag: "Receipt", receipt: line.receipt }, line: number })
      }
    }),
    finish: Effect.suspend(() => (close(), flush)).pipe(Effect.map(() => ({ ...counts }))),
  }
})

const conflict = ({ entry, line }: { readonly entry: Entry; readonly line: number }): BadFile =>
  new BadFile({
    line,
    reason: entry._tag === "Events"
      ? "the store holds something else at this version, or what comes before it is missing; lines above are stored"
      : "the store remembers another outcome of this command; lines above are stored",
  })
