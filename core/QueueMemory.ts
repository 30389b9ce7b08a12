/**
 * A queue in memory, and the specification of every other one. Time comes from `Clock` alone.
 * @module
 */
import { Clock, Effect, Layer } from "effect"
import { bytesOf } from "./bytes.ts"
import { always, type Choose } from "./Fate.ts"
import { Limits } from "./Limits.ts"
import { callMax, hiddenMaxMs, type Message, type Queue, QueueUnavailable, receivesMax } from "./Queue.ts"
import { Queues } from "./Queues.ts"
import * as Waiters from "./Waiters.ts"

interface Kept {
  readonly id: string
  readonly body: string
  readonly sentAt: number
  visibleAt: number
  receives: number
}

export interface State {
  readonly messages: Map<string, Kept>
  /** Nothing for one that is itself for dead letters. */
  readonly dead: State | undefined
  /** Messages there ever were. */
  made: number
  readonly waiting: Waiters.Waiters
}

const bare = (dead: State | undefined): State => ({ messages: new Map(), dead, made: 0, waiting: new Set() })
/** An empty queue with an empty one for its dead letters. */
export const emptyState = (): State => bare(bare(undefined))

/** `bury`: a message moves to the dead letters; where that is refused it stays. */
export type Act = "send" | "receive" | "remove" | "hide" | "bury"
export interface Options {
  readonly fate?: Choose<Act>
}

/** Puts a message at the end. */
export const put = (state: State, body: string, nowMs: number): void => {
  // What is sent to the dead straight away must not meet what was buried there.
  const id = `${state.dead === undefined ? "dead" : "message"}-${++state.made}`
  state.messages.set(id, { id, body, sentAt: nowMs, visibleAt: nowMs, receives: 0 })
  Waiters.wake(state.waiting)
}

const isDone = (fate: ReturnType<Choose<Act>>): boolean => fate === "done" || fate === "twice"

const nowOf = <A, E>(f: (nowMs: number) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Clock.clockWith((clock) => Effect.suspend(() => f(clock.currentTimeMillisUnsafe())))

/** A queue over `state`. */
export const make = (state: State = emptyState(), options: Options = {}): Effect.Effect<Queue> =>
  Effect.map(
    Effect.service(Limits),
    ({ messageBodyBytes }) => queueOver(state, options.fate ?? always, messageBodyBytes),
  )

const queueOver = (state: State, fate: Choose<Act>, bytesMax: number): Queue => {
  const maxMs = state.dead === undefined ? hiddenMaxMs.dead : hiddenMaxMs.queue
  const hidden = (ms: number, nowMs: number): number => nowMs + Math.min(ms, maxMs)
  const dueMs = ({ visibleAt }: Kept, nowMs: number): number => visibleAt > nowMs + maxMs ? 0 : visibleAt - nowMs
  /** Moves what was received too often; where the dead letters refuse it, it is hidden and tried again. */
  const bury = (dead: State, message: Kept, hiddenMs: number, nowMs: number): void => {
    const chosen = fate("bury")
    if (chosen === "refused") message.visibleAt = hidden(hiddenMs, nowMs)
    else if (state.messages.delete(message.id)) {
      dead.messages.set(message.id, { ...message, visibleAt: nowMs, receives: 0 })
      Waiters.wake(dead.waiting)
    }
  }

  const take = (max: number, hiddenMs: number, nowMs: number): ReadonlyArray<Message> => {
    const taken: Array<Message> = []
    for (const message of [...state.messages.values()]) {
      if (taken.length === Math.min(max, callMax)) break
      if (dueMs(message, nowMs) > 0) continue
      if (state.dead !== undefined && message.receives >= receivesMax) {
        bury(state.dead, message, hiddenMs, nowMs)
        continue
      }
      const chosen = fate("receive")
      if (chosen === "refused") continue
      const { body, id, sentAt } = message
      const receives = ++message.receives
      // Twice: somebody else receives it at the same time.
      message.visibleAt = chosen === "twice" ? nowMs : hidden(hiddenMs, nowMs)
      if (isDone(chosen)) taken.push({ id, receipt: `${id}.${receives}`, body, receives, sentAt })
    }
    return taken
  }

  const receive: Queue["receive"] = (max, { hiddenMs, waitMs }) =>
    nowOf((startMs) => {
      const again: Effect.Effect<ReadonlyArray<Message>> = nowOf((nowMs) => {
        const taken = take(max, hiddenMs, nowMs)
        const leftMs = startMs + waitMs - nowMs
        if (taken.length > 0 || leftMs <= 0) return Effect.succeed(taken)
        const due = Math.min(...[...state.messages.values()].map((kept) => Math.max(1, dueMs(kept, nowMs))))
        return Effect.andThen(pause(state, Math.min(leftMs, due)), again)
      })
      return again
    })

  return {
    send: (bodies) =>
      nowOf((nowMs) => {
        const large = bodies.find((body) => bytesOf(body) > bytesMax)
        if (large !== undefined) return Effect.die(new Error(`a message of more than ${bytesMax} bytes`))
        return Effect.succeed(bodies.map((body) => {
          const chosen = fate("send")
          if (chosen !== "refused") put(state, body, nowMs)
          if (chosen === "twice") put(state, body, nowMs)
          return isDone(chosen)
        }))
      }),
    receive,
    remove: (messages) =>
      Effect.sync(() =>
        messages.map(({ id }) => {
          const chosen = fate("remove")
          if (chosen !== "refused") state.messages.delete(id)
          return isDone(chosen)
        })
      ),
    hide: (messages, ms) =>
      nowOf((nowMs) => {
        let whole = true
        for (const { id, receives } of messages) {
          const [kept, chosen] = [state.messages.get(id), fate("hide")]
          // Whoever received it since is not disturbed by an older receipt.
          if (chosen !== "refused" && kept?.receives === receives) kept.visibleAt = hidden(ms, nowMs)
          whole &&= isDone(chosen)
        }
        Waiters.wake(state.waiting)
        return whole ? Effect.void : Effect.fail(new QueueUnavailable({ reason: "refused" }))
      }),
    dead: state.dead === undefined ? undefined : queueOver(state.dead, always, bytesMax),
  }
}

/** Until something was sent or given back, or so long. */
const pause = (state: State, ms: number): Effect.Effect<void> =>
  Effect.asVoid(Effect.timeoutOption(Waiters.woken(state.waiting), ms))

/** Queues by name over `states`, so that a test can crash their users and open the same messages again. */
export const layerOf = (states: Map<string, State>, options?: Options): Layer.Layer<Queues> =>
  Layer.succeed(Queues, {
    named: (name) =>
      Effect.suspend(() => {
        const state = states.get(name) ?? emptyState()
        states.set(name, state)
        return make(state, options)
      }),
  })

/** Queues of its own. */
export const layer: Layer.Layer<Queues> = Layer.unwrap(Effect.sync(() => layerOf(new Map())))
