/**
 * Queues in the same file as the events, over the same connection; several processes work one off together.
 * @module
 */
import { Clock, Effect } from "effect"
import { bytesOf } from "../../../core/bytes.ts"
import type { StoreUnavailable } from "../../../core/EventStore.ts"
import { Limits } from "../../../core/Limits.ts"
import { hiddenMaxMs, type Message, type Queue, QueueUnavailable, receivesMax } from "../../../core/Queue.ts"
import { elapsedMs } from "../../Host.ts"
import type { Connection } from "./connection.ts"
import { patient } from "./patience.ts"
import { type Session, transact } from "./session.ts"
import * as Signal from "./signal.ts"

interface Row {
  readonly message_no: number
  readonly receives: number
  readonly sent_at: number
  readonly body: string
}

/** As SQS has it. */
const receiveMax = 10
/** Messages forgotten for each that is sent, and in a receive, so that no call takes long. */
const forgottenAtOnce = 4
const forgottenInReceive = 40
/** And messages that a clock which was set back would hide. */
const shownInReceive = 100

const refused = ({ cause, reason }: StoreUnavailable) => new QueueUnavailable({ reason, cause })

export interface Queues {
  /** The queue of that number. */
  readonly of: (queueNo: number) => Queue
  /** Forgets messages that nobody has removed in time, whose ever: some for each of `count` that are sent now. */
  readonly prune: (session: Session, nowMs: number, count: number) => void
  /** Messages were sent by somebody else of this process. */
  readonly wake: () => void
}

export const make = (connection: Connection): Effect.Effect<Queues> =>
  Effect.map(Effect.service(Limits), ({ messageBodyBytes, messageMs, tailPollMs }) => {
    const prune = ({ statements }: Session, nowMs: number, count: number): void =>
      void statements.pruneMessages.run(nowMs - messageMs, count)
    const signal = Signal.make(connection, tailPollMs)
    const write = <A>(
      repeats: boolean,
      f: (session: Session, nowMs: number) => A,
    ): Effect.Effect<A, QueueUnavailable> =>
      Effect.flatMap(
        Clock.currentTimeMillis,
        (nowMs) =>
          patient(repeats)(connection.write((session) => transact(session, () => f(session, Math.floor(nowMs))))),
      )
        .pipe(Effect.mapError(refused))
    const woken = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.tap(self, () => Effect.sync(signal.wake))

    const queueOf = (queueNo: number): Queue => {
      const maxMs = queueNo > 0 ? hiddenMaxMs.queue : hiddenMaxMs.dead
      const hidden = (ms: number, nowMs: number): number => nowMs + Math.min(ms, maxMs)
      const take = (max: number, hiddenMs: number) =>
        // A receive that was lost counts, as everywhere: the message comes again.
        write(false, (session, nowMs): ReadonlyArray<Message> => {
          const { statements } = session
          prune(session, nowMs, forgottenInReceive)
          statements.showMessages.run(queueNo, nowMs, maxMs, shownInReceive)
          const taken: Array<Message> = []
          while (true) {
            const left = Math.min(max, receiveMax) - taken.length
            const rows = statements.dueMessages.all(queueNo, nowMs, left) as unknown as ReadonlyArray<Row>
            for (const { body, message_no, receives, sent_at } of rows) {
              if (queueNo > 0 && receives >= receivesMax) statements.buryMessage.run(nowMs, message_no)
              else {
                // Hidden for no time it would be found again by this very receive.
                if (taken.some(({ id }) => id === String(message_no))) return taken
                statements.receiveMessage.run(hidden(hiddenMs, nowMs), message_no)
                const receipt = `${message_no}.${receives + 1}`
                taken.push({ id: String(message_no), receipt, body, receives: receives + 1, sentAt: sent_at })
              }
            }
            if (rows.length < left || taken.length === Math.min(max, receiveMax)) return taken
          }
        })
      const due = (nowMs: number) =>
        Effect.mapError(
          connection.read(({ statements }) => {
            const next = statements.nextMessage.get(queueNo, nowMs, maxMs)
            return (next as { readonly at: number | null }).at
          }),
          refused,
        )

      return {
        send: (bodies) => {
          const large = bodies.some((body) => body.length > messageBodyBytes || bytesOf(body) > messageBodyBytes)
          if (large) return Effect.die(new Error(`a message of more than ${messageBodyBytes} bytes`))
          if (bodies.length === 0) return Effect.succeed([])
          return woken(write(false, (session, nowMs) => {
            prune(session, nowMs, bodies.length * forgottenAtOnce)
            return bodies.map((body) => {
              session.statements.sendMessage.run(queueNo, nowMs, body)
              return true
            })
          }))
        },
        receive: Effect.fnUntraced(function* (max, { hiddenMs, waitMs }) {
          const clock = yield* Clock.Clock
          const deadline = elapsedMs(clock) + waitMs
          while (true) {
            // An empty queue is looked at without a lock.
            const nowMs = yield* Clock.currentTimeMillis
            const at = yield* due(nowMs)
            if (at !== null && at <= nowMs) {
              const messages = yield* take(max, hiddenMs)
              if (messages.length > 0) return messages
            }
            const left = deadline - elapsedMs(clock)
            if (left <= 0) return []
            // All that was due was dead, or taken by others: what is due next may be soon.
            const next = at === null ? left : at <= nowMs ? tailPollMs : at - nowMs
            yield* signal.wait(Math.min(left, next))
          }
        }),
        remove: (messages) =>
          messages.length === 0 ? Effect.succeed([]) : write(true, ({ statements }) =>
            messages.map(({ id }) => {
              statements.removeMessage.run(Number(id), queueNo)
              return true
            })),
        hide: (messages, ms) =>
          messages.length === 0 ? Effect.void : Effect.asVoid(woken(write(true, ({ statements }, nowMs) => {
            for (const { id, receives } of messages) {
              statements.hideMessage.run(hidden(ms, nowMs), Number(id), queueNo, receives)
            }
          }))),
        dead: queueNo > 0 ? queueOf(-queueNo) : undefined,
      }
    }
    return {
      of: queueOf,
      prune: (session, nowMs, count) => prune(session, nowMs, count * forgottenAtOnce),
      wake: signal.wake,
    }
  })
