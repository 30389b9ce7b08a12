/**
 * Emmett's command handler over one of its stores; lost races are repeated by the library, waiting a little.
 * @module
 */
import { history, type State } from "../domain.ts"
import type { Row, Subject } from "../Subject.ts"
import { decide, evolve, initial, type PlainEvent } from "./order.ts"

export interface Store {
  readonly appendToStream: (stream: string, events: ReadonlyArray<PlainEvent>) => Promise<unknown>
  readonly aggregateStream: (stream: string, fold: object) => Promise<{ readonly state: State }>
  readonly readStream: (stream: string, options?: object) => Promise<{ readonly events: ReadonlyArray<PlainEvent> }>
}
type Handle = (
  store: Store,
  stream: string,
  of: (state: State) => PlainEvent,
) => Promise<{ readonly nextExpectedStreamVersion: bigint }>
export interface Core {
  readonly CommandHandler: (options: object) => Handle
}

export interface Options {
  readonly name: string
  readonly open: (folder: string) => Promise<{ readonly core: Core; readonly store: Store }>
  /** Whether the bench lets one caller in at a time, where the store does not bear several. */
  readonly oneByOne: boolean
  readonly scale: NonNullable<Subject["scale"]>
  readonly feed?: (store: Store, count: number) => Promise<number>
}

const fold = { evolve, initialState: () => initial }
const isLostRace = (error: Error): boolean => /version/i.test(error.message)
const retry = {
  retries: 500,
  minTimeout: 1,
  maxTimeout: 20,
  factor: 1.3,
  randomize: true,
  shouldRetryError: isLostRace,
}
/** More events than this in one append are more variables than a statement of SQLite takes. */
const appendMax = 100

const turns = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <A>(work: () => Promise<A>): Promise<A> => {
    const mine = last.then(work, work)
    last = mine.catch(() => {})
    return mine
  }
}

export const make = ({ feed, name, oneByOne, open, scale }: Options): Subject => {
  const opened = new Map<string, ReturnType<Options["open"]>>()
  const at = (folder: string) => {
    const known = opened.get(folder) ?? open(folder)
    opened.set(folder, known)
    return known
  }
  const streams = new Set<string>()
  const streamOf = (id: string) => {
    streams.add(id)
    return `order-${id}`
  }
  return {
    name,
    scale,
    seed: async (folder, ids, length) => {
      const { store } = await at(folder)
      for (const id of ids) {
        const events = history(id, length).map((request, n) =>
          decide(request, n === 0 ? initial : { ...initial, status: "placed" })
        )
        for (let n = 0; n < length; n += appendMax) {
          await store.appendToStream(streamOf(id), events.slice(n, n + appendMax))
        }
      }
    },
    open: async (folder) => {
      const { core, store } = await at(folder)
      const handle = core.CommandHandler({ ...fold, retry })
      const turn = oneByOne ? turns() : <A>(work: () => Promise<A>) => work()
      return {
        send: async (id, request) => {
          const done = await turn(() => handle(store, streamOf(id), (state) => decide(request, state)))
          return { id, version: Number(done.nextExpectedStreamVersion), eventId: undefined }
        },
        state: async (id) => (await store.aggregateStream(streamOf(id), fold)).state,
        close: () => Promise.resolve(),
      }
    },
    ...feed && { feed: async (folder: string, count: number) => feed((await at(folder)).store, count) },
    rows: async (folder) => {
      const { store } = await at(folder)
      const rows: Array<Row> = []
      for (const id of streams) {
        const { events } = await store.readStream(`order-${id}`)
        events.forEach(({ data, type }, n) =>
          rows.push({
            ...{ id, version: n + 1, type, payload: JSON.stringify(data) },
            ...{ eventId: undefined, commandId: undefined },
          })
        )
      }
      return rows
    },
  }
}
