/**
 * Castore over its in-memory adapter. The library leaves the repeat after a lost race to its caller.
 * @module
 */
import { history, type State } from "../domain.ts"
import type { Row, Running, Subject } from "../Subject.ts"
import { decide, evolve, initial, type PlainEvent } from "./order.ts"

interface Detail {
  readonly aggregateId: string
  readonly version: number
  readonly type: string
  readonly payload: PlainEvent["data"]
}
interface Aggregate {
  readonly aggregateId: string
  readonly version: number
  readonly state: State
}
export interface EventStore {
  readonly getAggregate: (id: string) => Promise<{ readonly aggregate?: Aggregate }>
  readonly pushEvent: (event: Detail) => Promise<unknown>
}
export interface Core {
  readonly EventType: new (options: { readonly type: string }) => object
  readonly EventStore: new (options: object) => EventStore
}
interface Adapter {
  readonly eventStore: Readonly<Record<string, ReadonlyArray<Detail>>>
}
interface InMemory {
  readonly InMemoryEventStorageAdapter: new (options: object) => Adapter
}

// Names in variables: the packages are installed for the bench alone, the type checker never sees them.
const [core, inMemory] = ["@castore/core", "@castore/event-storage-adapter-in-memory"]

export const optionsOf = (EventType: Core["EventType"], eventStorageAdapter: object): object => ({
  eventStoreId: "ORDERS",
  eventTypes: ["OrderPlaced", "ItemAdded"].map((type) => new EventType({ type })),
  eventStorageAdapter,
  reducer: (before: Aggregate | undefined, { aggregateId, payload, type, version }: Detail): Aggregate => ({
    aggregateId,
    version,
    state: evolve(before?.state ?? initial, { type, data: payload }),
  }),
})

const stores = new Map<string, { readonly store: EventStore; readonly adapter: Adapter }>()

const at = async (folder: string) => {
  const known = stores.get(folder)
  if (known !== undefined) return known
  const { EventStore, EventType }: Core = await import(core)
  const { InMemoryEventStorageAdapter }: InMemory = await import(inMemory)
  const adapter = new InMemoryEventStorageAdapter({ initialEvents: [] })
  const store = new EventStore(optionsOf(EventType, adapter))
  const fresh = { store, adapter }
  stores.set(folder, fresh)
  return fresh
}

/** Repeats are bounded, and wait a little longer each time. */
const attemptsMax = 2_000
const pause = (attempt: number) =>
  new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(50, 2 + attempt)))

export const sender = (store: EventStore): Running["send"] => async (id, request) => {
  for (let attempt = 0;; attempt++) {
    const { aggregate } = await store.getAggregate(id)
    const { data, type } = decide(request, aggregate?.state ?? initial)
    const version = (aggregate?.version ?? 0) + 1
    try {
      await store.pushEvent({ aggregateId: id, version, type, payload: data })
      return { id, version, eventId: undefined }
    } catch (error) {
      const lost = (error as { readonly code?: string }).code === "EventAlreadyExistsError"
      if (!lost || attempt === attemptsMax) throw error
      await pause(attempt)
    }
  }
}

export const seedOf = async (store: EventStore, ids: ReadonlyArray<string>, length: number): Promise<void> => {
  for (const id of ids) {
    let version = 0
    for (const request of history(id, length)) {
      const { data, type } = decide(request, version === 0 ? initial : { ...initial, status: "placed" })
      await store.pushEvent({ aggregateId: id, version: ++version, type, payload: data })
    }
  }
}

export const castore: Subject = {
  name: "castore",
  seed: async (folder, ids, length) => seedOf((await at(folder)).store, ids, length),
  open: async (folder) => {
    const { store } = await at(folder)
    return {
      send: sender(store),
      state: async (id) => (await store.getAggregate(id)).aggregate!.state,
      close: () => Promise.resolve(),
    }
  },
  rows: async (folder) => {
    const { adapter } = await at(folder)
    return Object.values(adapter.eventStore).flat().map(({ aggregateId: id, payload, type, version }): Row => ({
      ...{ id, version, type, payload: JSON.stringify(payload) },
      ...{ eventId: undefined, commandId: undefined },
    }))
  },
}
