/**
 * The secondary bus of the embedded store, and queues by name: tables of the same file, over the same connection.
 * @module
 */
import { Clock, Effect } from "effect"
import { bytesOf } from "../../../core/bytes.ts"
import type { Sent } from "../../../core/CoreBus.ts"
import type { StoredEvent } from "../../../core/EventStore.ts"
import * as EventWire from "../../../core/EventWire.ts"
import { QueueUnavailable } from "../../../core/Queue.ts"
import type { Shape as Queues } from "../../../core/Queues.ts"
import { type Interest, SecondaryBus, type Shape, widened } from "../../../core/SecondaryBus.ts"
import type { Connection } from "./connection.ts"
import { patient } from "./patience.ts"
import type { Queues as Numbered } from "./queue.ts"
import { type Session, transact } from "./session.ts"

const publishMax = 100
const sent: Sent = { _tag: "Sent" }

interface Row {
  readonly queue_no: number
  readonly interests: string
}

const interestsOf = ({ interests }: Row): ReadonlyArray<Interest> => JSON.parse(interests)

export const make = (connection: Connection, queues: Numbered, bytesMax: number): Shape => {
  const deliver = (session: Session, events: ReadonlyArray<StoredEvent>, nowMs: number): ReadonlyArray<Sent> =>
    transact(session, () => {
      queues.prune(session, nowMs, events.length)
      const rows = session.statements.queues.all() as unknown as ReadonlyArray<Row>
      const wanting = rows.map((row) => [row.queue_no, interestsOf(row)] as const)
      return events.map((event): Sent => {
        const { aggregate, type } = event
        const wanted = wanting.filter(([, interests]) =>
          interests.some((one) => one.aggregate === aggregate && one.type === type)
        )
        if (wanted.length === 0) return sent
        const body = EventWire.encode(event)
        const length = bytesOf(body)
        if (length > bytesMax) return { _tag: "Unsendable", reason: `${length} bytes, a message holds ${bytesMax}` }
        for (const [queueNo] of wanted) session.statements.sendMessage.run(queueNo, nowMs, body)
        return sent
      })
    })

  return SecondaryBus.of({
    publishMax,
    publish: (events) => {
      if (events.length > publishMax) return Effect.die(new Error(`${events.length} events, at most ${publishMax}`))
      if (events.length === 0) return Effect.succeed([])
      return Effect.flatMap(Clock.currentTimeMillis, (nowMs) =>
        // A message twice is allowed; one that is lost is not.
        patient(true)(connection.write((session) => deliver(session, events, Math.floor(nowMs)))).pipe(
          Effect.tap(() => Effect.sync(queues.wake)),
          Effect.catchTag("StoreUnavailable", ({ reason }) =>
            Effect.succeed(events.map((): Sent => ({ _tag: "NotSent", reason })))),
        ))
    },
    subscribe: (consumer, interests) => Effect.map(numberOf(connection, `consumers/${consumer}`, interests), queues.of),
  })
}

/** Queues that are no subscription. */
export const named = (connection: Connection, queues: Numbered): Queues => ({
  named: (name) => Effect.map(numberOf(connection, `queues/${name}`, []), queues.of),
})

/** The number of a queue with these interests, which is made or widened where it must be. */
const numberOf = (
  connection: Connection,
  name: string,
  interests: ReadonlyArray<Interest>,
): Effect.Effect<number, QueueUnavailable> =>
  patient(true)(connection.write((session) =>
    transact(session, () => {
      const { queue, saveQueue } = session.statements
      const known = queue.get(name) as Row | undefined
      const all = JSON.stringify(widened(known === undefined ? [] : interestsOf(known), interests))
      return known?.interests === all ? known.queue_no : (saveQueue.get(name, all) as Row).queue_no
    })
  )).pipe(Effect.mapError(({ cause, reason }) => new QueueUnavailable({ reason, cause })))
