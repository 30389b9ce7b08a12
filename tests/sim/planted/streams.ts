/**
 * Streams with a mistake: sockets served by a true hub, between something wrong.
 * @module
 */
import { Effect } from "effect"
import { EventStore, type Shape as Store } from "../../../core/EventStore.ts"
import * as Hub from "../../../edge/stream/Hub.ts"
import { productionHost, type Stream } from "../../../testing/simulation/Fleet.ts"
import { memoryStores } from "../../../testing/simulation/run.ts"
import type { Planted } from "./Planted.ts"

const inStream = (name: string, breaks: ReadonlyArray<number>, stream: Stream): Planted => ({
  ...{ name, breaks, stream, host: productionHost, stores: memoryStores },
})

interface Message {
  readonly ids?: Readonly<Record<string, number>>
}

const resumesTooFar = inStream(
  "resumes behind the version that comes next",
  [10],
  (options) =>
    Effect.map(Hub.make(options), (hub) => ({
      ...hub,
      admit: (identity, protocol) => {
        const granted = hub.admit(identity, protocol)
        if (granted._tag === "Failure") return granted
        const open: typeof granted.success.open = (socket) => {
          const peer = granted.success.open(socket)
          const message = (text: string) => {
            const said = JSON.parse(text) as Message
            const ids = Object.entries(said.ids ?? {}).map(([id, version]) => [id, version === 0 ? 0 : version + 1])
            peer.message(said.ids === undefined ? text : JSON.stringify({ ...said, ids: Object.fromEntries(ids) }))
          }
          return { ...peer, message }
        }
        return { ...granted, success: { ...granted.success, open } }
      },
    })),
)

const sendsTooFast = inStream(
  "counts one frame of two",
  [13],
  (options) =>
    Hub.make({ ...options, limits: { ...options.limits, framesPerSecond: 2 * options.limits.framesPerSecond } }),
)

const overStore = (wrap: (store: Store) => Store): Stream => (options) =>
  Effect.flatMap(
    Effect.service(EventStore),
    (store) => Effect.provideService(Hub.make(options), EventStore, wrap(store)),
  )

const skipsPages = inStream(
  "goes past a page of the feed that it did not send",
  [10],
  overStore((store) => {
    let pages = 0
    return {
      ...store,
      feed: (cursor, limit) =>
        Effect.map(store.feed(cursor, limit), (page) => ++pages % 5 === 0 ? { ...page, items: [] } : page),
    }
  }),
)

const mixesTenants = inStream(
  "leaves the tenant out of its subscriptions",
  [10, 14],
  overStore((store) => ({
    ...store,
    feed: (cursor, limit) =>
      Effect.map(store.feed(cursor, limit), (page) => ({
        ...page,
        items: page.items.map((event) => ({ ...event, tenant: "tenant-1" })),
      })),
  })),
)

export const streams: ReadonlyArray<Planted> = [resumesTooFar, sendsTooFast, skipsPages, mixesTenants]
