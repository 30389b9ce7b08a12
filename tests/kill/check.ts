/**
 * Holds what the clients were told against what is stored, and says every difference as a sentence.
 * @module
 */
import type { StoredEvent } from "../../core/EventStore.ts"
import type { Ledger } from "./Ledger.ts"

export type Stored = Pick<StoredEvent, "aggregate" | "id" | "version" | "eventId" | "type" | "payload" | "commandId">

interface Told {
  readonly version: number
  readonly events: ReadonlyArray<{ readonly eventId: string; readonly type: string; readonly version: number }>
}

const sign: Readonly<Record<string, number>> = { Deposited: 1, Withdrawn: -1 }

/** Versions count from 1 without a gap, in the order of the feed. */
const contiguity = (events: ReadonlyArray<Stored>): ReadonlyArray<string> => {
  const found: Array<string> = []
  const heads = new Map<string, number>()
  for (const { id, version } of events) {
    const expected = (heads.get(id) ?? 0) + 1
    if (version !== expected) found.push(`${id}: version ${version} follows ${expected - 1}`)
    heads.set(id, version)
  }
  return found
}

/** Nothing acknowledged is lost, nothing is stored that was not acknowledged as such. */
const acknowledgements = (ledger: Ledger, events: ReadonlyArray<Stored>): ReadonlyArray<string> => {
  const found: Array<string> = []
  const byCommand = Map.groupBy(events, ({ commandId }) => commandId)
  for (const [commandId, stored] of byCommand) {
    const entry = ledger.entries.get(commandId)
    if (entry === undefined) found.push(`${commandId}: stored, but nobody sent it`)
    else if (stored.some(({ id }) => id !== entry.id)) found.push(`${commandId}: stored in a stream it was not sent to`)
  }
  for (const { commandId, answer } of ledger.entries.values()) {
    const stored = byCommand.get(commandId) ?? []
    if (answer === undefined) found.push(`${commandId}: never answered`)
    else if (answer.status !== 200) {
      if (stored.length > 0) found.push(`${commandId}: refused with ${answer.status}, yet stored`)
    } else {
      const told = JSON.parse(answer.text) as Told
      const isSame = told.events.length === stored.length &&
        told.events.every(({ eventId, type, version }, n) =>
          stored[n]?.eventId === eventId && stored[n]?.type === type && stored[n]?.version === version
        )
      if (!isSame) found.push(`${commandId}: ${told.events.length} events acknowledged, ${stored.length} stored`)
      if (told.events.length > 0 && told.version !== told.events.at(-1)?.version) {
        found.push(`${commandId}: answered version ${told.version} is not that of its last event`)
      }
    }
  }
  return found
}

/** All differences between the ledger and the log. */
export const faults = (ledger: Ledger, events: ReadonlyArray<Stored>): ReadonlyArray<string> => [
  ...contiguity(events),
  ...acknowledgements(ledger, events),
]

/** What each account must hold, from the log alone. */
export const balances = (events: ReadonlyArray<Stored>): ReadonlyMap<string, number> => {
  const all = new Map<string, number>()
  for (const { id, type, payload } of events) {
    const { pence } = JSON.parse(payload) as { readonly pence: number }
    all.set(id, (all.get(id) ?? 0) + (sign[type] ?? 0) * pence)
  }
  return all
}
