/**
 * Emmett over its SQLite store, in a file. Its own version of Emmett, and a driver that npm may have to compile.
 * @module
 */
import * as Handler from "../Handler.ts"

interface Consumer {
  readonly processor: (options: object) => void
  readonly start: () => Promise<void>
  readonly close: () => Promise<void>
}
interface SqliteStore extends Handler.Store {
  readonly consumer: (options: object) => Consumer
}
interface Sqlite {
  readonly getSQLiteEventStore: (options: { readonly fileName: string }) => SqliteStore
}
// In variables: the packages are installed for the bench alone, the type checker never sees them.
const [core, sqlite] = ["@event-driven-io/emmett", "@event-driven-io/emmett-sqlite"]

const consume = async (store: Handler.Store, count: number): Promise<number> => {
  const consumer = (store as SqliteStore).consumer({ pulling: { batchSize: 500, pullingFrequencyInMs: 10 } })
  let seen = 0
  await new Promise<void>((resolve, reject) => {
    const eachMessage = () => {
      if (++seen === count) resolve()
    }
    consumer.processor({ processorId: "bench", startFrom: "BEGINNING", eachMessage })
    consumer.start().catch(reject)
  })
  await consumer.close()
  return seen
}

export const emmettSqlite = Handler.make({
  name: "emmett-sqlite",
  open: async (folder) => {
    const { getSQLiteEventStore }: Sqlite = await import(sqlite)
    return { core: await import(core), store: getSQLiteEventStore({ fileName: `${folder}/emmett.db` }) }
  },
  oneByOne: true,
  scale: { W1: 0.02, W2: 0.06, W3: 0.02, W5: 0.1 },
  feed: consume,
})
