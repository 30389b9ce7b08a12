/**
 * What the redrive of a dead letter would do: which events are handled again, and whether today's code can read them.
 *
 * Told from the store alone, nothing is changed. A plan is a hint: until the redrive more events may come, and another
 * process may run other code.
 * @module
 */
import { Effect, Result } from "effect"
import type { App } from "../core/App.ts"
import * as Consumer from "../core/Consumer.ts"
import type { DeadLetter } from "../core/DeadLetters.ts"
import { EventStore, type StoredEvent, tombstone } from "../core/EventStore.ts"
import * as Contract from "../schemas/Contract.ts"
import * as Wire from "../schemas/Wire.ts"

export interface Planned {
  readonly version: number
  readonly eventId: string
  readonly type: string
  /** As it is stored; it is read as the newest. */
  readonly schemaVersion: number
  /** Why this code cannot read it; places and rules, never a value. */
  readonly problem?: string
}

export interface Plan {
  readonly events: ReadonlyArray<Planned>
  /** The first version that was not looked at; absent where the head was reached. */
  readonly next: number | undefined
}

const problemOf = (contract: Contract.Any | undefined, event: StoredEvent): string | undefined => {
  if (event.type === tombstone.type) return undefined
  if (contract === undefined) return `the application has no aggregate ${event.aggregate}`
  const read = Result.try(() => Wire.decodeText(contract, event))
  if (Result.isFailure(read)) return "an upcaster fails on it"
  if (Result.isSuccess(read.success)) return undefined
  const { failure } = read.success
  return failure._tag === "UnknownEvent"
    ? `the application does not know ${event.type} version ${event.schemaVersion}`
    : `the payload does not fit: ${failure.issues.map(({ pointer, rule }) => `${pointer} ${rule}`).join("; ")}`
}

/** Whether whoever keeps the letter would do this event: a consumer what it wants of the ordered path, the router all. */
const isWanted = ({ consumers }: App, { consumer: name }: DeadLetter, event: StoredEvent): boolean => {
  const consumer = consumers[name]
  if (consumer === undefined) return true
  return Consumer.wants(consumer, event) && Contract.routeOf(consumer.contract, event.type) === "core"
}

/** Plans for letters of an application; each looks at `limit` events at most. */
export const make = (app: App, limit: number) =>
  Effect.fnUntraced(function* (letter: DeadLetter) {
    const store = yield* EventStore
    const { eventId, kind, stream, version } = letter
    const contract = app.consumers[letter.consumer]?.contract ?? app.aggregates[stream.aggregate]?.contract
    const found = yield* store.read(stream, version - 1, kind === "message" ? 1 : limit + 1)
    const events = found.slice(0, limit).filter((event) =>
      kind === "message" ? event.eventId === eventId : isWanted(app, letter, event)
    ).map((event): Planned => {
      const { eventId, schemaVersion, type, version } = event
      const problem = problemOf(contract, event)
      return { version, eventId, type, schemaVersion, ...problem === undefined ? {} : { problem } }
    })
    return { events, next: found[limit]?.version } satisfies Plan
  })
