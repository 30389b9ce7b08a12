/**
 * Asks the check before routing about stored events, and about ones that no process would ever store, while the faults
 * strike; and in the end about every event of the log.
 * @module
 */
import { Effect, Exit } from "effect"
import { type StoredEvent, tombstone } from "../../core/EventStore.ts"
import type * as Fleet from "./Fleet.ts"

type Event = Pick<StoredEvent, "aggregate" | "type" | "schemaVersion" | "payload">

/** What a process said of one event. */
export interface Routing {
  readonly who: string
  readonly event: Event
  readonly askedAt: number
  /** Nothing: it may be sent on. */
  readonly refusal: string | undefined
}

const pauseMaxMs = 3_000
const untouchedChance = 0.4

export const run = Effect.fnUntraced(function* (setting: Fleet.Setting, slots: ReadonlyArray<Fleet.Slot>) {
  const { commits, faults, routings, world } = setting
  const random = world.random("router")
  while (!faults.hasEnded()) {
    yield* Effect.sleep(1 + random.below(pauseMaxMs))
    const { host } = random.pick(slots)
    const { append } = commits.length === 0 ? { append: undefined } : random.pick(commits)
    if (host === undefined || append === undefined || append.events.length === 0) continue
    const stored = { ...random.pick(append.events), aggregate: append.stream.aggregate }
    if (stored.type === tombstone.type) continue
    const event = random.chance(untouchedChance) ? stored : random.pick(spoilers)(stored)
    const askedAt = world.now()
    host.process.post(() =>
      Effect.runForkWith(host.context)(host.routable(event)).addObserver((exit) => {
        const refusal = refusalOf(exit)
        routings.push({ who: host.name, event, askedAt, refusal })
        world.note(host.name, `would ${refusal ?? "send on"} ${event.aggregate}.${event.type}`)
      })
    )
  }
})

const refusalOf = (exit: Exit.Exit<void, { readonly _tag: string }>): string | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  const failure = exit.cause.reasons.find((reason) => reason._tag === "Fail")
  return failure?.error._tag ?? "Died"
}

const changed = (event: Event, change: (payload: Record<string, unknown>) => object): Event => ({
  ...event,
  payload: JSON.stringify(change(JSON.parse(event.payload) as Record<string, unknown>)),
})
/** Wrong types, excess fields, missing fields, no JSON, and what was never registered. */
const spoilers: ReadonlyArray<(event: Event) => Event> = [
  (event) => changed(event, (payload) => Object.fromEntries(Object.keys(payload).map((key) => [key, { wrong: true }]))),
  (event) => changed(event, (payload) => ({ ...payload, excess: 1 })),
  (event) => changed(event, () => ({})),
  (event) => ({ ...event, payload: `${event.payload}}` }),
  (event) => ({ ...event, schemaVersion: event.schemaVersion + 7 }),
]

/** Every stored event is readable in the end, by its registered schema alone; answers with those that are not. */
export const readAll = Effect.fnUntraced(function* (
  { routable }: Fleet.Host,
  events: ReadonlyArray<StoredEvent>,
) {
  const refused: Array<StoredEvent> = []
  for (const event of events) if (Exit.isFailure(yield* Effect.exit(routable(event)))) refused.push(event)
  return refused
})
