/**
 * A writer that competes: every command goes in sooner or later, as a host would bring it in.
 * @module
 */
import { Clock, Effect, Schedule } from "effect"
import type { Append, Outcome, Shape } from "../../core/EventStore.ts"
import { append } from "../../core/laws/fixtures.ts"
import type { Client, Shape as Limiter } from "../../core/QueryLimiter.ts"
import type { StreamKey } from "../../core/Stream.ts"

export interface Race {
  readonly streams: ReadonlyArray<StreamKey>
  readonly commandIds: ReadonlyArray<string>
}
export interface Result {
  /** What was answered to each command at last. */
  readonly answers: ReadonlyArray<{ readonly stream: number; readonly commandId: string; readonly outcome: Outcome }>
  readonly conflicts: number
}

/** A busy file is asked again, within bounds: 400 times. */
export const patient = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.retry(self, { schedule: Schedule.spaced("3 millis"), times: 400, while: isBusy })
const isBusy = (error: unknown): boolean => (error as { readonly reason?: string }).reason === "locked"

/** Sends each command to each stream, decided on the head as this process last saw it, again after each conflict. */
export const race = Effect.fnUntraced(function* (store: Shape, { streams, commandIds }: Race) {
  const answers: Array<Result["answers"][number]> = []
  let conflicts = 0
  for (const commandId of commandIds) {
    let open = streams.map((stream, i) => ({ stream, i }))
    for (let attempts = 0; open.length > 0; attempts++) {
      if (attempts === 1_000) return yield* Effect.die("a command lost a thousand races")
      const group: Array<Append> = []
      for (const { stream } of open) {
        const { version } = yield* patient(store.head(stream))
        group.push(append(stream, version, commandId, 2))
      }
      // Between the look and the write, so that the other process comes in between.
      yield* Effect.sleep("1 millis")
      const outcomes = yield* patient(store.commit(group))
      const lost = open.filter((_, i) => outcomes[i]!._tag === "Conflict")
      conflicts += lost.length
      for (const [i, { i: stream }] of open.entries()) {
        if (outcomes[i]!._tag !== "Conflict") answers.push({ stream, commandId, outcome: outcomes[i]! })
      }
      open = lost
    }
  }
  return { answers, conflicts } satisfies Result
})

export interface Hammering {
  readonly clients: ReadonlyArray<Client>
  readonly asks: number
  /** Milliseconds since 1970, so that processes begin together. */
  readonly from: number
}

/** How often each client was admitted, one client after the other, each asked for again and again by the real clock. */
export const hammer = Effect.fnUntraced(function* (limiter: Limiter, { asks, clients, from }: Hammering) {
  const admitted = clients.map(() => 0)
  yield* Effect.sleep(Math.max(0, from - (yield* Clock.currentTimeMillis)))
  for (const [i, client] of clients.entries()) {
    for (let n = 0; n < asks; n++) {
      if ((yield* patient(limiter.admit(client)))._tag === "Admitted") admitted[i]!++
      yield* Effect.sleep("1 millis")
    }
  }
  return admitted
})
