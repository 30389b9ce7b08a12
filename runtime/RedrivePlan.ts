/**
 * What the redrive or the discard of a dead letter would do: which event is given up, which are handled again, and whether
 * today's code can read them.
 *
 * Told from the store alone, nothing is changed. A plan is a hint: until it is done more events may come, and another
 * process may run other code.
 * @module
 */
import { Effect, Result } from "effect"
import type { App } from "../core/App.ts"
import type { Ask, DeadLetter } from "../core/DeadLetters.ts"
import { EventStore, type StoredEvent, tombstone } from "../core/EventStore.ts"
import { Leases } from "../core/Leases.ts"
import type * as Contract from "../schemas/Contract.ts"
import * as Wire from "../schemas/Wire.ts"
import { unread } from "./unread.ts"
import { mannerOf, type Routes } from "./workers/routes.ts"
import * as Start from "./workers/Start.ts"

export interface Planned {
  readonly version: number
  readonly eventId: string
  readonly type: string
  /** As it is stored; it is read as the newest. */
  readonly schemaVersion: number
  /** Why this code cannot read it; places and rules, never a value. */
  readonly problem?: string
}

/** As the letter says it: the store need not have it. */
export interface GivenUp {
  readonly version: number
  readonly eventId: string
  readonly type: string
  readonly isStored: boolean
}

export interface Plan {
  /** Of a discard: nobody hands it to this consumer any more. */
  readonly givenUp?: GivenUp
  readonly events: ReadonlyArray<Planned>
  /** The first version that was not looked at; absent where the head was reached. */
  readonly next: number | undefined
}

/** As JSON says it, which has no member that is absent. */
export const toJson = (plan: Plan) => ({ ...plan, next: plan.next ?? null })

const problemOf = (contract: Contract.Any | undefined, event: StoredEvent): string | undefined => {
  if (event.type === tombstone.type) return undefined
  if (contract === undefined) return `the application has no aggregate ${event.aggregate}`
  const read = Wire.decodeText(contract, event)
  return Result.isSuccess(read) ? undefined : unread(event, read.failure)
}

/** Of a consumer that has not begun. */
const nothing: Routes = { left: {}, secondaryBeforeMs: -Infinity }

/** Plans for letters of an application, of which this is to be asked; each looks at `limit` events at most. */
export const make = (app: App, limit: number, what: Ask = "redrive") =>
  Effect.fnUntraced(function* (letter: DeadLetter) {
    const store = yield* EventStore
    const { eventId, kind, stream, type, version } = letter
    const isDiscard = what === "discard"
    const consumer = app.consumers[letter.consumer]
    const routes = (consumer && (yield* Start.routes({ consumer, leases: yield* Leases }))) ?? nothing
    /** Whether whoever keeps the letter would do this event: a consumer as it decides itself, the router all. */
    const isDone = (event: StoredEvent) =>
      consumer === undefined || mannerOf(consumer, routes, event, version) !== "pass"
    const contract = consumer?.contract ?? app.aggregates[stream.aggregate]?.contract
    const found = yield* store.read(stream, version - 1, kind === "message" ? 1 : limit + 1)
    const isMeant = (event: StoredEvent) => kind === "message" ? event.eventId === eventId : event.version === version
    const events = found.slice(0, limit).filter((event) =>
      isDiscard && isMeant(event) ? false : kind === "message" ? isMeant(event) : isDone(event)
    ).map((event): Planned => {
      const { eventId, schemaVersion, type, version } = event
      const problem = problemOf(contract, event)
      return { version, eventId, type, schemaVersion, ...problem === undefined ? {} : { problem } }
    })
    const isStored = found[0] !== undefined && isMeant(found[0])
    const plan: Plan = { events, next: found[limit]?.version }
    return isDiscard ? { givenUp: { version, eventId, type, isStored }, ...plan } : plan
  })
