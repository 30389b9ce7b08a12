/**
 * One tick: load what is cold, decide what waits, commit it as one group, answer.
 *
 * User code runs before the commit begins, never inside it.
 * @module
 */
import { Cause, DateTime, Effect, Exit, Option, Result } from "effect"
import * as ActorError from "../core/ActorError.ts"
import { Again } from "../core/EventStore.ts"
import type * as EventStore from "../core/EventStore.ts"
import * as Actor from "./Actor.ts"
import * as Answer from "./Answer.ts"
import { type Host, nowMs, release, wallMs } from "./Host.ts"
import type * as Gate from "./Gate.ts"
import { hold } from "./Hold.ts"
import * as Metrics from "./HostMetrics.ts"
import * as Loader from "./Loader.ts"
import * as Settle from "./Settle.ts"
import * as Trace from "./Trace.ts"
import * as Turn from "./Turn.ts"

/** Takes ready actors up to what the store has a group hold and runs them; cold ones by themselves if any is warm. */
export const run = (host: Host): Effect.Effect<void> =>
  Effect.suspend(() => {
    const warm: Array<Actor.Actor> = []
    const cold: Array<Actor.Actor> = []
    const { appends, streams = Infinity } = host.store.appendMax
    let room = appends
    let taken = 0
    for (const actor of host.ready) {
      if (room <= 0 || taken >= streams) break
      taken++
      room -= actor.work!.mailbox.length
      ;(actor.loaded ? warm : cold).push(actor)
    }
    host.ready.splice(0, taken)
    const decided = Settle.held(host, warm, turn(host, warm))
    if (cold.length === 0) return decided
    const loaded = Settle.held(host, cold, load(host, cold))
    if (warm.length === 0) return loaded
    host.run(loaded)
    return decided
  })

const isRepeat = (actor: Actor.Actor): boolean => actor.work!.mailbox.every((task) => task.again)

/** Actors whose commands were all tried before are loaded by themselves: a store counts what is asked for again. */
const load = (host: Host, actors: ReadonlyArray<Actor.Actor>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const repeated = actors.filter(isRepeat)
    if (repeated.length === actors.length) return loadAlike(host, actors, true)
    if (repeated.length > 0) host.run(Settle.held(host, repeated, loadAlike(host, repeated, true)))
    return loadAlike(host, repeated.length === 0 ? actors : actors.filter((actor) => !isRepeat(actor)), false)
  })

const loadAlike = Effect.fnUntraced(function* (host: Host, actors: ReadonlyArray<Actor.Actor>, isAgain: boolean) {
  const requests = actors.map((actor) => ({ kind: actor.kind, stream: actor.work!.stream }))
  const loading = host.loader.load(requests)
  const answers = yield* Effect.result(isAgain ? Effect.provideService(loading, Again, true) : loading)
  if (Result.isFailure(answers)) {
    for (const actor of actors) Settle.notLoaded(host, actor, answers.failure.reason)
    return Settle.flush(host)
  }
  const loaded: Array<Actor.Actor> = []
  for (let i = 0; i < actors.length; i++) {
    const actor = actors[i]!
    const answer = answers.success[i]!
    if (Loader.isRest(answer)) {
      const { rest } = answer
      Settle.handOver(
        host,
        actor,
        continueLoad(host, actor, isRepeat(actor) ? Effect.provideService(rest, Again, true) : rest),
      )
    } else if (arrive(host, actor, answer)) loaded.push(actor)
  }
  if (loaded.length === 0) return
  host.update(Metrics.ActorsLoaded, loaded.length)
  yield* turn(host, loaded)
})

const continueLoad = Effect.fnUntraced(function* (host: Host, actor: Actor.Actor, rest: Loader.Rest) {
  const answer = yield* Effect.result(rest)
  if (Result.isFailure(answer)) Settle.notLoaded(host, actor, answer.failure.reason)
  else if (arrive(host, actor, answer.success)) {
    host.update(Metrics.ActorsLoaded, 1)
    release(host, actor)
  }
  Settle.flush(host)
})

/** Gives an actor its state, or its callers the reason why there is none. */
const arrive = (
  host: Host,
  actor: Actor.Actor,
  answer: Result.Result<Loader.Loaded, Loader.LoadFailure>,
): boolean => {
  if (Result.isSuccess(answer)) {
    Actor.become(actor, answer.success)
    return true
  }
  const waiting = actor.work!.mailbox.splice(0)
  // They still wait: for the bound, the deadlines and the shutdown.
  actor.work!.running = waiting
  const { failure } = answer
  const error = Loader.refusal(failure)
  const delay = failure._tag === "UnknownEvent" ? 0 : Settle.restart(host, actor, failure.cause)
  const answering = Effect.gen(function* () {
    for (const task of waiting) yield* receiptFirst(host, actor, task, error)
    Settle.flush(host)
    if (delay > 0) yield* Effect.sleep(delay)
    release(host, actor)
  })
  Settle.handOver(host, actor, answering)
  return false
}

/** What was decided before is answered even by an actor that cannot be had. */
const receiptFirst = Effect.fnUntraced(function* (
  host: Host,
  actor: Actor.Actor,
  task: Actor.Task,
  error: ActorError.ActorError,
) {
  if (task._tag === "Read") return Settle.fail(host, task, error)
  const { stream } = actor.work!
  const receipt = yield* Effect.result(Answer.before(host.store, stream, task))
  if (Result.isFailure(receipt)) return Settle.fail(host, task, ActorError.Unavailable.fromStore(receipt.failure))
  if (receipt.success === undefined) return Settle.fail(host, task, error)
  Settle.repeat(host, task, stream, receipt.success)
})

const turn = Effect.fnUntraced(function* (host: Host, actors: ReadonlyArray<Actor.Actor>) {
  const { parts, appends } = decide(host, actors)
  if (appends.length === 0) return
  if (host.store.generatedKey !== undefined) noteTried(parts)
  const began = nowMs(host)
  const spans = Trace.commit(host, parts, appends.length)
  const exit = yield* Effect.exit(host.store.commit(appends))
  for (const span of spans) Trace.end(host, span, exit)
  host.update(Metrics.GroupSize, appends.length)
  host.update(Metrics.CommitLatency, nowMs(host) - began)
  settle(host, parts, exit)
  Settle.flush(host)
})

/** Where the store may keep, from now on, what leaves no receipt. */
const noteTried = (parts: ReadonlyArray<Settle.Part>): void => {
  for (const { entries } of parts) {
    for (const { append, task } of entries) {
      if (task._tag === "Read" || task.request.commandId !== undefined || append.events.length === 0) continue
      task.tried = append.expected.version + 1
    }
  }
}

const settle = (
  host: Host,
  parts: ReadonlyArray<Settle.Part>,
  exit: Exit.Exit<ReadonlyArray<EventStore.Outcome>, EventStore.StoreUnavailable | EventStore.StoreOutcomeUnknown>,
): void => {
  if (Exit.isSuccess(exit)) return Settle.committed(host, parts, exit.value)
  const error = Cause.findErrorOption(exit.cause)
  // A defect of the adapter says as little about what was stored as a lost answer does.
  if (Option.isSome(error) && error.value._tag === "StoreUnavailable") {
    Settle.refused(host, parts, error.value.reason)
  } else Settle.unknown(host, parts)
}

const none: ReadonlyArray<never> = []

/** Asked for at once; what more there is, the next round asks. */
const asksMax = 100

/** Decides what waits, actor by actor, until the group is full. */
const decide = (host: Host, actors: ReadonlyArray<Actor.Actor>) => {
  const { appendMax } = host.store
  const now = wallMs(host)
  const setting: Turn.Setting = {
    storeKind: host.store.kind,
    generatedKey: host.store.generatedKey,
    writerId: host.writerId,
    limits: host.limits,
    nowMs: now,
    now: DateTime.makeUnsafe(now),
    random: host.random,
    sha256: host.sha256,
    gate: host.gate,
  }
  const parts: Array<Settle.Part> = []
  const appends: Array<EventStore.Append> = []
  let bytes = 0
  for (const actor of actors) {
    const work = actor.work!
    const { eventId, head, kind, state } = actor
    const cursor: Turn.Cursor = { kind, stream: work.stream, state, head, eventId }
    const { learned } = work
    const entries: Array<Turn.Entry> = []
    let asks: ReadonlyArray<Gate.Ask> = none
    let seen = 0
    for (const task of work.mailbox) {
      if (appends.length >= appendMax.appends || bytes >= appendMax.bytes || asks.length >= asksMax) break
      // Answered from its receipt, or told that the outcome is unknown: then not storing it now is one of the two.
      if (task.answered) {
        if (asks.length === 0) seen++
        continue
      }
      const span = Trace.decide(host, task)
      const entry = Turn.decide(cursor, task, setting, learned?.tasks.has(task) ? learned.verdicts : undefined)
      if (Turn.isCommand(entry) && appends.length > 0 && bytes + entry.bytes > appendMax.bytes) break
      if (Turn.isCommand(entry) && entry.asks.length > 0) asks = asks.concat(entry.asks)
      if (asks.length > 0) {
        // What came before is stored first. Where nothing did, the rest is decided to see what else must be asked for.
        if (entries.length > 0) break
        continue
      }
      // That of a decision which is put off or made again is never ended, and so never told.
      Trace.end(host, span)
      seen++
      entries.push(entry)
      appends.push(entry.append)
      if (Turn.isCommand(entry)) {
        bytes += entry.bytes
        if (entry.defect !== undefined) break
      }
    }
    work.mailbox = seen === work.mailbox.length ? [] : work.mailbox.slice(seen)
    if (entries.length === 0) {
      if (asks.length > 0) hold(host, actor, asks)
      else release(host, actor)
      continue
    }
    work.learned = undefined
    work.running = entries.map((entry) => entry.task)
    parts.push({ actor, entries })
  }
  return { parts, appends }
}
