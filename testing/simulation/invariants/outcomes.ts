/**
 * What a command's outcome must be, however often it is asked for: stored if accepted, the same bytes for the same id,
 * stored once, and never stored where every answer said that it was not.
 * @module
 */
import { type StoredEvent, tombstone } from "../../../core/EventStore.ts"
import { keyOf } from "../../../core/Stream.ts"
import { type Answer, type Attempt, bytesOf, isDefiniteFailure, isDenied, isFinal, say } from "../History.ts"
import type { Violation } from "../run.ts"
import type { Facts, Same, StreamFacts } from "./Facts.ts"

type Report = (invariant: number, message: string) => void

export const outcomes = (facts: Facts): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  const report: Report = (invariant, message) => void found.push({ invariant, message })
  const byId = new Map<string, Array<Same>>()
  for (const same of facts.same) {
    const stream = facts.streams.get(keyOf(same.stream))!
    checkAcknowledged(same, stream, report)
    checkSameBytes(same, report)
    checkNeverDenied(same, stream, report)
    const key = `${keyOf(same.stream)} ${same.commandId}`
    byId.set(key, [...byId.get(key) ?? [], same])
  }
  for (const bodies of byId.values()) checkKeyReuse(bodies, report)
  for (const stream of facts.streams.values()) checkOnce(stream, facts, report)
  return found
}

/** Outcomes that are remembered: of `decide`, and that the command came too late. */
const isOutcome = (answer: Answer | undefined): answer is Answer =>
  answer?._tag === "Accepted" || answer?._tag === "Rejected" ||
  (answer?._tag === "Failed" && answer.error._tag === "Expired")

const eventsOf = ({ commandId, fingerprint }: Same, { events }: StreamFacts): ReadonlyArray<StoredEvent> =>
  events.filter((event) => event.commandId === commandId && event.fingerprint === fingerprint)

const checkAcknowledged = (same: Same, stream: StreamFacts, report: Report): void => {
  for (const { answer, operation } of same.attempts) {
    if (answer?._tag === "Accepted") {
      const { commandId, events, version } = answer.receipt
      for (const event of events) {
        const stored = stream.events[event.version - 1]
        const fits = stored?.eventId === event.eventId && stored.type === event.type && stored.commandId === commandId
        if (!fits) report(1, `${say(operation)} was accepted, but its event at ${event.version} is not in the log`)
      }
      if (events.length > 0 && events.at(-1)!.version !== version) report(1, `${say(operation)} names a wrong version`)
      if (events.length !== eventsOf(same, stream).length) {
        report(1, `${say(operation)} was told of ${events.length} events, the log holds another number`)
      }
    } else if (isOutcome(answer) && eventsOf(same, stream).length > 0) {
      report(6, `${say(operation)} was refused, but the log holds its event`)
    }
  }
}

const checkSameBytes = ({ attempts }: Same, report: Report): void => {
  const first = attempts.filter(({ answer }) => isOutcome(answer)).sort((a, b) => a.answered! - b.answered!)[0]
  if (first === undefined) return
  for (const { answer, invoked, operation } of attempts) {
    // Whoever asks is judged before his command: then it says nothing of the outcome.
    if (answer === undefined || !isFinal(answer) || isDenied(answer)) continue
    // Once the outcome is told, a repeat can bring no other final answer.
    if (!isOutcome(answer) && invoked < first.answered!) continue
    if (bytesOf(answer) !== bytesOf(first.answer!)) {
      report(5, `${say(operation)} was answered ${bytesOf(first.answer!)} and ${bytesOf(answer)}`)
    }
  }
}

/** One id, several contents: the one that was decided first wins, all others are refused. */
const checkKeyReuse = (bodies: ReadonlyArray<Same>, report: Report): void => {
  const decided = bodies.filter(({ attempts }) => attempts.some(({ answer }) => isOutcome(answer)))
  if (decided.length > 1) report(5, `${say(decided[1]!.attempts[0]!.operation)} was decided with two contents`)
  for (const { attempts } of bodies) {
    for (const attempt of attempts) {
      const { answer, operation } = attempt
      if (answer?._tag !== "Failed") continue
      const others = bodies.filter((body) => body.attempts !== attempts)
      if (answer.error._tag === "KeyReused") {
        if (!others.some((body) => body.attempts.some(({ invoked }) => invoked <= attempt.answered!))) {
          report(5, `${say(operation)} was called a reused key, but nobody used it`)
        }
      } else if (isFinal(answer) && !isDenied(answer) && answer.error._tag !== "CommandInvalid") {
        const told = others.some((body) =>
          body.attempts.some((one) => isOutcome(one.answer) && one.answered! < attempt.invoked)
        )
        if (told) report(5, `${say(operation)} reused a key and was told ${answer.error._tag}`)
      }
    }
  }
}

const checkNeverDenied = (same: Same, stream: StreamFacts, report: Report): void => {
  const stored = eventsOf(same, stream)
  if (stored.length === 0) return
  const append = stream.appends.find(({ events }) => events.includes(stored[0]!))
  if (append === undefined) return
  const { ended } = append.commit
  const open = (attempt: Attempt) => attempt.invoked <= ended && !isDefiniteFailure(attempt.answer)
  if (same.attempts.some(open)) return
  report(6, `${say(same.attempts[0]!.operation)} was called failed, yet it is stored`)
}

/** Every event is somebody's, and every command's events are one append. */
const checkOnce = ({ events }: StreamFacts, { same, run }: Facts, report: Report): void => {
  const ids = new Set(events.map(({ eventId }) => eventId))
  if (ids.size < events.length) report(5, `${keyOf(events[0]!)} holds an event twice`)
  const before = new Set<string>()
  for (const [i, event] of events.entries()) {
    const { commandId, correlationId, fingerprint, type, version } = event
    const continues = events[i - 1]?.commandId === commandId
    if (before.has(commandId) && !continues) report(5, `command ${commandId} is stored twice, at ${version} too`)
    before.add(commandId)
    const known = same.some((one) => one.commandId === commandId && one.fingerprint === fingerprint)
    if (known || type === tombstone.type) continue
    // The host made an id up and nobody lived to hear it.
    if (run.attempts.some(({ operation }) => operation.name === correlationId)) continue
    report(2, `nobody asked for ${keyOf(event)}@${version}`)
  }
}
