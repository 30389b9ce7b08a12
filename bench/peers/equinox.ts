/**
 * equinox-js over its memory store, with its JSON codec; it repeats lost races at once and caches nothing.
 * @module
 */
import { history, type State } from "../domain.ts"
import type { Row, Subject } from "../Subject.ts"
import { decide, evolve, initial, type PlainEvent } from "./order.ts"

interface Context {
  readonly state: State
  readonly version: bigint
}
interface Decider {
  readonly transact: (of: (state: State) => ReadonlyArray<PlainEvent>) => Promise<void>
  readonly transactEx: <A>(
    of: (context: Context) => readonly [A, ReadonlyArray<PlainEvent>],
    load: undefined,
    attempts: number,
  ) => Promise<A>
  readonly query: <A>(of: (state: State) => A) => Promise<A>
}
interface Core {
  readonly Codec: { readonly json: () => unknown }
  readonly Decider: { readonly forStream: (category: unknown, stream: unknown, context: undefined) => Decider }
  readonly StreamId: { readonly create: (id: string) => unknown }
}
interface Stored {
  readonly index: bigint
  readonly type: string
  readonly data: string
}
interface Memory {
  readonly VolatileStore: new () => { readonly streams: ReadonlyMap<string, ReadonlyArray<Stored>> }
  readonly MemoryStoreCategory: { readonly create: (...options: ReadonlyArray<unknown>) => unknown }
}

// Names in variables: the packages are installed for the bench alone, the type checker never sees them.
const [core, memory] = ["@equinox-js/core", "@equinox-js/memory-store"]
const attemptsMax = 1_000
const category = "Order"
const fold = (state: State, events: ReadonlyArray<PlainEvent>) => events.reduce(evolve, state)

const make = async () => {
  const { Codec, Decider, StreamId }: Core = await import(core)
  const { MemoryStoreCategory, VolatileStore }: Memory = await import(memory)
  const store = new VolatileStore()
  const orders = MemoryStoreCategory.create(store, category, Codec.json(), fold, initial)
  return { store, of: (id: string) => Decider.forStream(orders, StreamId.create(id), undefined) }
}

const opened = new Map<string, ReturnType<typeof make>>()
const at = (folder: string) => {
  const known = opened.get(folder) ?? make()
  opened.set(folder, known)
  return known
}

export const equinox: Subject = {
  name: "equinox",
  scale: { W2: 0.1 },
  seed: async (folder, ids, length) => {
    const { of } = await at(folder)
    for (const id of ids) {
      const events = history(id, length).map((request, n) =>
        decide(request, n === 0 ? initial : { ...initial, status: "placed" })
      )
      await of(id).transact(() => events)
    }
  },
  open: async (folder) => {
    const { of } = await at(folder)
    return {
      send: async (id, request) => {
        const version = await of(id).transactEx(
          ({ state, version }) => [Number(version) + 1, [decide(request, state)]],
          undefined,
          attemptsMax,
        )
        return { id, version, eventId: undefined }
      },
      state: (id) => of(id).query((state) => state),
      close: () => Promise.resolve(),
    }
  },
  rows: async (folder) => {
    const { store } = await at(folder)
    return [...store.streams].flatMap(([name, events]) =>
      events.map(({ data, index, type }): Row => ({
        ...{ id: name.slice(category.length + 1), version: Number(index) + 1, type, payload: data },
        ...{ eventId: undefined, commandId: undefined },
      }))
    )
  },
}
