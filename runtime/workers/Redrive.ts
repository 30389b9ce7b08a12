/**
 * Does dead letters again for which somebody asked, or gives their events up, one process at a time for each consumer.
 *
 * A stream's row stays until everything up to the head is done, so that no event gets past it; its marks rise on the way,
 * so that a process which dies goes on where it was. Twice is what was in a handler when a process died or stood still,
 * and a message that was sent before its row could be forgotten.
 *
 * A discard raises the mark past the one event, if that is not done yet, and is a redrive from there on.
 * @module
 */
import { Clock, Effect, Layer, Metric, Queue, Random } from "effect"
import { type DeadLetter, DeadLetters, type Failure } from "../../core/DeadLetters.ts"
import { EventStore, type StoredEvent, type StoreUnavailable } from "../../core/EventStore.ts"
import { Leases } from "../../core/Leases.ts"
import { Limits } from "../../core/Limits.ts"
import type { StreamKey } from "../../core/Stream.ts"
import * as Defect from "../Defect.ts"
import { elapsedMs } from "../Host.ts"
import { about, DeadLettersDiscarded, DeadLettersRedriven, keep } from "./deadLetter.ts"
import * as leased from "./leased.ts"
import { unbroken } from "./unbroken.ts"

export type Redone =
  /** Everything up to the head, as it was read last, is done, and the mark stands behind it. */
  | { readonly _tag: "Done" }
  /** An event could not be done; the mark stands in front of it. As its dead letter is to say it. */
  | { readonly _tag: "Failed"; readonly letter: Failure }
  /** Not now: the store, the bus or a registry cannot be asked, or an event is newer than this code. */
  | { readonly _tag: "Later"; readonly reason: string }

/** What the worker asks of a consumer, or of the router, whose dead letters are done again. */
export interface Redo {
  /**
   * Works a stream off from its mark to its head: in order, each event once, the mark raised behind each, whether or not
   * the stream is parked; parks nothing. Takes turns with what else this process does with the stream.
   */
  readonly stream: (stream: StreamKey) => Effect.Effect<Redone>
  /** Sends one secondary event again, to this consumer alone; `false` where it may not have been sent. */
  readonly message: (event: StoredEvent) => Effect.Effect<boolean>
  /**
   * Works a stream off from its mark to `version`, does not do that event, whether or not the store has it, and raises the
   * mark behind it. Says whether it did: not where the event is done, or one in front of it fails. Absent where nothing may
   * be given up.
   */
  readonly discard?: (stream: StreamKey, version: number) => Effect.Effect<boolean, StoreUnavailable>
}

/** By the name under which they keep dead letters. */
export type Redos = ReadonlyMap<string, Redo>

interface Waiting {
  readonly tries: number
  readonly untilMs: number
}

const worker = Effect.fnUntraced(function* (name: string, redo: Redo, exclusive: leased.Leased) {
  const [letters, store, limits] = [yield* DeadLetters, yield* EventStore, yield* Limits]
  /** Those that could not be done for now. */
  const waiting = new Map<string, Waiting>()

  const told = (metric: typeof DeadLettersRedriven, message: string) => (row: DeadLetter) =>
    Effect.andThen(
      Metric.update(Metric.withAttributes(metric, { consumer: name, kind: row.kind }), 1),
      Effect.logInfo(message).pipe(Effect.annotateLogs(about(row))),
    )
  const done = told(DeadLettersRedriven, "dead letter redriven")
  const discarded = told(DeadLettersDiscarded, "dead letter discarded")

  /** Ends the redrive and keeps the letter, unless another process has ended it since. */
  const back = Effect.fnUntraced(function* (row: DeadLetter, letter: Failure) {
    const now = yield* letters.get(row.stream.tenant, row.id)
    if (now !== undefined && now.asked !== "nothing") {
      yield* keep(letters, { ...letter, id: row.id, kind: row.kind, consumer: name })
    }
  })

  const failed = Effect.fnUntraced(function* (row: DeadLetter, error: string) {
    return yield* back(row, { ...row, error, attempts: 1, lastAt: yield* Clock.currentTimeMillis })
  })

  /** An outage is not the letter's fault; what lasts is told to whoever asked, and makes room for the others. */
  const later = Effect.fnUntraced(function* (row: DeadLetter, reason: string) {
    const tries = (waiting.get(row.id)?.tries ?? 0) + 1
    if (tries > limits.handlerRetries) {
      waiting.delete(row.id)
      return yield* failed(row, reason)
    }
    const ms = Math.min(limits.handlerBackoffMaxMs, limits.handlerBackoffMs * 2 ** (tries - 1))
    waiting.set(row.id, { tries, untilMs: elapsedMs(yield* Clock.Clock) + ms })
  })

  /** Answers with the row as it is then: what is left to do of it is a redrive. */
  const giveUp = Effect.fnUntraced(function* (row: DeadLetter) {
    if (redo.discard !== undefined && (yield* redo.discard(row.stream, row.version))) yield* discarded(row)
    else yield* Effect.logWarning("nothing was discarded").pipe(Effect.annotateLogs(about(row)))
    return yield* letters.ask(row.stream.tenant, row.id, "redrive", row.version)
  })

  const stream = Effect.fnUntraced(function* (asked: DeadLetter) {
    let row: DeadLetter | undefined = asked
    while (row !== undefined && row.asked !== "nothing") {
      if (row.asked === "discard") {
        row = yield* giveUp(row)
        continue
      }
      const redone: Redone = yield* redo.stream(row.stream)
      if (redone._tag === "Later") return yield* later(row, redone.reason)
      if (redone._tag === "Failed") return yield* back(row, redone.letter)
      if (yield* letters.resolve(row)) return yield* done(row)
      // An event passed the parked stream by since the row was read: it is in the store, and not done yet.
      row = yield* letters.get(row.stream.tenant, row.id)
    }
  })

  const message = Effect.fnUntraced(function* (row: DeadLetter) {
    if (row.asked === "discard") {
      if (yield* letters.resolve(row)) yield* discarded(row)
      return
    }
    const [event] = yield* store.read(row.stream, row.version - 1, 1)
    if (event?.eventId !== row.eventId) return yield* failed(row, "the store has no such event")
    if (!(yield* redo.message(event))) return yield* later(row, "the queue did not take it")
    if (yield* letters.resolve(row)) yield* done(row)
  })

  const one = (row: DeadLetter) =>
    (row.kind === "stream" ? stream(row) : message(row)).pipe(
      Effect.catchTag("StoreUnavailable", ({ reason }) => Effect.ignore(later(row, reason))),
      Effect.catchDefect((defect) =>
        Effect.andThen(
          Defect.log("redrive broke", defect, about(row)),
          Effect.ignore(later(row, "a defect: the log names it")),
        )
      ),
    )

  const due = Effect.gen(function* () {
    const rows = yield* letters.asked(name, limits.page)
    const now = elapsedMs(yield* Clock.Clock)
    const ids = new Set(rows.map(({ id }) => id))
    for (const id of waiting.keys()) if (!ids.has(id)) waiting.delete(id)
    return rows.filter(({ id }) => (waiting.get(id)?.untilMs ?? 0) <= now)
  })

  /** Until nothing is due. Rows are read again under the lease: another process may have done them meanwhile. */
  const workOff = Effect.scoped(Effect.gen(function* () {
    const running = new Set<string>()
    const freed = yield* Queue.sliding<void>(1)
    for (;;) {
      const next = (yield* due).filter(({ id }) => !running.has(id)).slice(0, limits.handlers - running.size)
      for (const row of next) {
        running.add(row.id)
        const end = Effect.sync(() => {
          running.delete(row.id)
          Queue.offerUnsafe(freed, undefined)
        })
        yield* Effect.forkScoped(Effect.ensuring(one(row), end))
      }
      if (running.size === 0) return
      // One that takes long holds no other up; many short ones are not asked for one by one.
      do yield* Effect.timeoutOption(Queue.take(freed), limits.redrivePollMs)
      while (running.size > limits.handlers / 2)
    }
  }))

  const round = Effect.flatMap(
    due,
    (rows) => rows.length === 0 ? Effect.void : Effect.asVoid(exclusive(`$redrive/${name}`, workOff)),
  )
  let isFailing = false
  while (true) {
    const failed = yield* round.pipe(Effect.as(undefined), Effect.catchTag("StoreUnavailable", Effect.succeed))
    if (failed !== undefined && !isFailing) {
      const { reason } = failed
      yield* Effect.logWarning("redrives cannot be looked for").pipe(Effect.annotateLogs({ consumer: name, reason }))
    }
    isFailing = failed !== undefined
    yield* Effect.sleep(limits.redrivePollMs)
  }
})

/** Runs in the background for the layer's life; `redos` are those of the consumers, and the router, of this process. */
export const layer = <R>(redos: Effect.Effect<Redos, never, R>) =>
  Layer.effectDiscard(Effect.gen(function* () {
    const [leases, { leaseMs }, all] = [yield* Leases, yield* Limits, yield* redos]
    const owner = `${yield* Random.nextInt}.${yield* Random.nextInt}`
    const exclusive = leased.make(leases, owner, leaseMs)
    for (const [name, redo] of all) {
      yield* Effect.forkScoped(unbroken("the worker of redrives", { consumer: name }, worker(name, redo, exclusive)))
    }
  }))
