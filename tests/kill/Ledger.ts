/**
 * What the clients know: every command they sent and, once there was one, its definite answer.
 *
 * Kept outside the server's process, so that nothing the server forgets can be forgotten here too.
 * @module
 */

export interface Intent {
  readonly commandId: string
  readonly id: string
  readonly command: string
  readonly payload: unknown
}

/** A definite answer: 200, or a refusal that the server remembers. Byte for byte. */
export interface Answer {
  readonly status: number
  readonly text: string
}

export interface Entry extends Intent {
  answer: Answer | undefined
  /** Sends without a definite answer before it. */
  unanswered: number
}

export interface Ledger {
  readonly entries: Map<string, Entry>
  /** Command ids in the order of their answers: the last of them are those nearest to a kill. */
  readonly answered: Array<string>
  /** What came instead of a definite answer, by kind: to see why, where commands stay open. */
  readonly indefinite: Map<string, number>
}

export const make = (): Ledger => ({ entries: new Map(), answered: [], indefinite: new Map() })

/** Counts an attempt that ended without a definite answer. */
export const missed = (ledger: Ledger, entry: Entry, why: string): void => {
  entry.unanswered++
  ledger.indefinite.set(why, (ledger.indefinite.get(why) ?? 0) + 1)
}

export const open = (ledger: Ledger, intent: Intent): Entry => {
  const entry: Entry = { ...intent, answer: undefined, unanswered: 0 }
  ledger.entries.set(intent.commandId, entry)
  return entry
}

export const close = (ledger: Ledger, entry: Entry, answer: Answer): void => {
  entry.answer = answer
  ledger.answered.push(entry.commandId)
}

/** The commands answered last. */
export const newest = (ledger: Ledger, count: number): ReadonlyArray<Entry> =>
  ledger.answered.slice(-count).map((commandId) => ledger.entries.get(commandId)!)
