/**
 * Streams with a mistake: sockets served by a true hub, between something wrong.
 * @module
 */
import { Effect } from "effect"
import * as Hub from "../../../edge/stream/Hub.ts"
import { type Page, Tail } from "../../../runtime/Tail.ts"
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

/** What becomes of the events of each page, whether it is handed out live or read from behind. */
const overPages = (spoiling: () => (events: Page["events"]) => Page["events"]): Stream => (options) =>
  Effect.flatMap(Effect.service(Tail), (tail) => {
    const spoil = spoiling()
    return Effect.provideService(Hub.make(options), Tail, {
      ...tail,
      listen: (hear, tenants) => tail.listen((page) => hear({ ...page, events: spoil(page.events) }), tenants),
      read: (...asked) => Effect.map(tail.read(...asked), (page) => ({ ...page, items: spoil(page.items) })),
    })
  })

const skipsPages = inStream(
  "goes past a page of the feed that it did not send",
  [10],
  overPages(() => {
    let pages = 0
    return (events) => ++pages % 5 === 0 ? [] : events
  }),
)

const mixesTenants = inStream(
  "leaves the tenant out of its subscriptions",
  [10, 14],
  overPages(() => (events) => events.map((event) => ({ ...event, tenant: "tenant-1" }))),
)

export const streams: ReadonlyArray<Planted> = [resumesTooFar, sendsTooFast, skipsPages, mixesTenants]
