/**
 * Outcomes of appends that did not go in: what was answered before, what was closed, what has to be decided again.
 * @module
 */
import { Effect } from "effect"
import { Again, type Append, type Outcome, type Receipt, tombstone } from "../../../core/EventStore.ts"
import type { Head, StreamKey } from "../../../core/Stream.ts"
import type { Failed } from "../aws/Failed.ts"
import type { Asked, Place } from "./calls.ts"
import { type Found, reasonOf } from "./faults.ts"
import * as items from "./items.ts"
import { isAgain, type Plan } from "./plan.ts"
import { readHead, receiptAt, type Store } from "./store.ts"

/** The id and version that a key of `generatedKey` is made of. */
const generated = /^([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\.([1-9]\d{0,14})$/

export const generatedKey = (commandId: string, version: number): string => `${commandId}.${version}`

export const generatedFrom = (key: string): { readonly commandId: string; readonly version: number } | undefined => {
  const [, commandId, version] = generated.exec(key) ?? []
  return commandId === undefined ? undefined : { commandId, version: Number(version) }
}

/** What an attempt before may have stored without a receipt, and where. */
const triedBy = ({ command, tried }: Append) =>
  command === undefined
    ? undefined
    : tried === undefined
    ? generatedFrom(command.commandId)
    : { commandId: command.commandId, version: tried }

const idOf = ({ pk, sk }: items.Item): string => `${pk?.S} ${sk?.S ?? `#${sk?.N}`}`

type Tried = NonNullable<ReturnType<typeof triedBy>>
const placeOf = (store: Store, key: string, { version }: Tried): Place => ({
  TableName: store.events,
  Key: items.eventKey(key, version),
})

/** The outcome of a command whose first event was tried where `item` stands. */
const receiptTried = (
  store: Store,
  key: string,
  tried: Tried,
  item: Found,
  commandId: string,
): Asked<Receipt | undefined> =>
  item !== undefined && items.beginsCommand(item, tried.commandId)
    ? receiptAt(store, key, item, commandId)
    : Effect.undefined

/** Of appends that may be in already, by index: one request for all of them, a repeat where each was sent before. */
export const repeatsOf = Effect.fnUntraced(function* (
  store: Store,
  key: string,
  chain: ReadonlyArray<Append>,
): Effect.fn.Return<Map<number, Receipt>, Failed> {
  const repeats = new Map<number, Receipt>()
  const all = chain.flatMap((append, i) => {
    const tried = triedBy(append)
    return tried === undefined ? [] : [{ append, i, tried }]
  })
  if (all.length === 0) return repeats
  // Several may name one version: DynamoDB refuses a key that is asked for twice.
  const places = new Map(all.map(({ tried }) => [tried.version, placeOf(store, key, tried)]))
  const reading = store.calls.getEach([...places.values()])
  const isRepeat = isAgain(all.map(({ append }) => append))
  const found = new Map<string, items.Item>()
  for (const item of yield* Effect.provideService(reading, Again, isRepeat)) found.set(idOf(item), item)
  for (const { append, i, tried } of all) {
    const item = found.get(idOf(placeOf(store, key, tried).Key))
    const receipt = yield* receiptTried(store, key, tried, item, append.command!.commandId)
    if (receipt !== undefined) repeats.set(i, receipt)
  }
  return repeats
})

export interface Seen {
  /** Receipts that are known, by index. */
  readonly repeats: Map<number, Receipt>
  readonly aliveSince: number
  /** Of the stream, where it is known for certain. */
  readonly head?: Head
  /** What was asked, and what stood in its way. */
  readonly refused?: { readonly plan: Plan; readonly found: ReadonlyArray<Found> }
}

/** Looks up what is not known yet of the commands from `from` on: receipts, and events where theirs would stand. */
const lookUp = Effect.fnUntraced(function* (
  store: Store,
  key: string,
  chain: ReadonlyArray<Append>,
  from: number,
  { aliveSince, refused, repeats }: Seen,
): Effect.fn.Return<void, Failed> {
  const known = new Map<string, Found>()
  refused?.plan.parts.forEach(({ Key }, i) => known.set(idOf(Key), refused.found[i]))
  const asked = new Map<string, Place>()
  const placesOf = ({ command, events, expected }: Append) => {
    const receipt = { TableName: store.receipts, Key: items.receiptKey(key, command!.commandId) }
    const event = { TableName: store.events, Key: items.eventKey(key, expected.version + 1) }
    return { receipt, event: events.length > 0 ? event : undefined }
  }
  const open = chain.flatMap((append, i) => i >= from && append.command !== undefined && !repeats.has(i) ? [i] : [])
  for (const i of open) {
    const { event, receipt } = placesOf(chain[i]!)
    for (const place of event === undefined ? [receipt] : [receipt, event]) {
      if (!known.has(idOf(place.Key))) asked.set(idOf(place.Key), place)
    }
  }
  if (asked.size > 0) {
    for (const item of yield* store.calls.getEach([...asked.values()])) known.set(idOf(item), item)
  }
  for (const i of open) {
    const { event, receipt } = placesOf(chain[i]!)
    const { commandId } = chain[i]!.command!
    const kept = known.get(idOf(receipt.Key))
    const stored = event && known.get(idOf(event.Key))
    const found = kept && items.receiptOf(kept, aliveSince)
    if (found !== undefined) repeats.set(i, found)
    else if (stored !== undefined && items.beginsCommand(stored, commandId)) {
      repeats.set(i, yield* receiptAt(store, key, stored, commandId))
    }
  }
})

/** Whether the append that did not go in met a tombstone; asked only where nothing says it yet. */
const isClosed = (store: Store, key: string, { head, refused }: Seen): Asked<boolean> => {
  if (head !== undefined) return Effect.succeed(head.closed)
  if (refused?.found.some((item) => item?.["type"]?.S === tombstone.type)) return Effect.succeed(true)
  return Effect.map(readHead(store, key), ({ closed }) => closed)
}

/** The outcomes of the appends from `from` on, the first of which did not go in. */
export const refuse = (
  store: Store,
  key: string,
  chain: ReadonlyArray<Append>,
  from: number,
  seen: Seen,
): Asked<ReadonlyArray<Outcome>> => {
  const asksHead = chain[from]!.command !== undefined && !seen.repeats.has(from)
  const both = Effect.all([
    asksHead ? isClosed(store, key, seen) : Effect.succeed(false),
    lookUp(store, key, chain, from, seen),
  ], { concurrency: "unbounded" })
  return Effect.map(both, ([closed]) =>
    chain.slice(from).map((_, i): Outcome => {
      const receipt = seen.repeats.get(from + i)
      if (receipt !== undefined) return { _tag: "Duplicate", receipt }
      return { _tag: i === 0 && closed ? "Closed" : "Conflict" }
    }))
}

/** The outcomes of all where an answer did not come: `outcomes` stand, the appends of the request under way may be stored. */
export const unanswered = (
  chain: ReadonlyArray<Append>,
  outcomes: ReadonlyArray<Outcome>,
  underWay: Plan | undefined,
  failed: Failed,
): ReadonlyArray<Outcome> => {
  const reason = reasonOf(failed)
  return chain.map((append, i) => {
    if (i < outcomes.length) return outcomes[i]!
    const leaves = append.events.length > 0 || append.remember
    const isSent = underWay !== undefined && underWay.writes.length > 0 && i >= underWay.from && i < underWay.end
    return { _tag: failed.mayHaveActed && isSent && leaves ? "Unknown" : "Unavailable", reason }
  })
}

/** What a command answered before, under its id or under a key of `generatedKey`. */
export const receipt = Effect.fnUntraced(function* (
  store: Store,
  stream: StreamKey,
  commandId: string,
  aliveSince: number,
): Effect.fn.Return<Receipt | undefined, Failed> {
  // No key may be empty.
  if (commandId === "") return undefined
  const key = items.keyOf(stream)
  const item = yield* store.calls.get({ TableName: store.receipts, Key: items.receiptKey(key, commandId) })
  const found = item && items.receiptOf(item, aliveSince)
  if (found !== undefined) return found
  const tried = generatedFrom(commandId)
  if (tried === undefined) return undefined
  return yield* receiptTried(store, key, tried, yield* store.calls.get(placeOf(store, key, tried)), commandId)
})
