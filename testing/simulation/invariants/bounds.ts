/**
 * Bounds, deadlines, tenants and snapshots: what must hold whatever the commands were.
 * @module
 */
import { canonical } from "../../../core/Fingerprint.ts"
import { keyOf } from "../../../core/Stream.ts"
import * as Kind from "../../../runtime/Kind.ts"
import { bytesOf, say } from "../History.ts"
import { keyOf as observed } from "../observe.ts"
import type { Violation } from "../run.ts"
import type { Facts } from "./Facts.ts"

/** What timers, ticks and the sweep may add to a deadline. */
const lateMs = 8_000

/** Every call is answered in its deadline; the time a process stood still is not counted. */
export const deadlines = ({ run }: Facts): ReadonlyArray<Violation> =>
  run.attempts.flatMap(({ answer, answeredAt, invokedAt, operation, pausedMs }) => {
    if (answer === undefined || answer._tag === "Unanswered") return []
    if (answer._tag === "Died") return [{ invariant: 17, message: `${say(operation)} died: ${answer.cause}` }]
    const took = answeredAt! - invokedAt - pausedMs
    return took <= run.limits.requestTimeoutMs + lateMs
      ? []
      : [{ invariant: 17, message: `${say(operation)} was answered after ${took} ms` }]
  })

/** No answer and no log line shows what belongs to another tenant; a log line shows no payload at all. */
export const tenants = ({ run }: Facts): ReadonlyArray<Violation> => {
  const secrets = run.plan.tenants
  const answers = run.attempts.flatMap(({ answer, operation }) => {
    if (answer === undefined) return []
    const bytes = bytesOf(answer)
    return secrets.filter(({ name, secret }) => name !== operation.stream.tenant && bytes.includes(secret))
      .map(({ name }) => ({ invariant: 14, message: `${say(operation)} was told something of ${name}` }))
  })
  const logs = run.logs.filter((line) => secrets.some(({ secret }) => line.includes(secret)))
    .map((line) => ({ invariant: 14, message: `a log line shows a payload: ${line}` }))
  return [...answers, ...logs]
}

/** Failing code is restarted within its budget: in no cool-down's length more often than that. */
export const restarts = ({ run }: Facts): ReadonlyArray<Violation> => {
  const { coolDownMs, restarts } = run.limits
  const times = new Map<string, Map<string, number>>()
  for (const { answer, answeredAt, host, operation: { name, stream }, request } of run.attempts) {
    // A state that cannot be told restarts nothing.
    if (request === undefined || answer?._tag !== "Failed" || answer.error._tag !== "ActorDefect") continue
    // All who wait for an actor that cannot be loaded hear of one restart: at once, but for those whose receipt is looked for.
    const { commandId } = request
    if (commandId !== undefined && !run.tape.times.has(observed(stream.tenant, stream.aggregate, commandId))) continue
    const key = `${host} ${keyOf(stream)}`
    times.set(key, (times.get(key) ?? new Map()).set(commandId ?? name, answeredAt!))
  }
  return [...times].flatMap(([key, byCommand]) => {
    const sorted = [...new Set(byCommand.values())].sort((a, b) => a - b)
    const storm = sorted.some((at, i) => (sorted[i + restarts + 1] ?? Infinity) < at + coolDownMs)
    return storm ? [{ invariant: 16, message: `${key} was restarted more often than its budget allows` }] : []
  })
}

/** A snapshot is the fold of its events, and a bad one is ignored and reported. */
export const snapshots = ({ run, encodeState, stateAt, streams }: Facts): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  const app = run.scenario.app
  for (const { eventId, key, state, stream, version } of run.snapshotLog.saved) {
    const aggregate = app.aggregates[stream.aggregate]
    if (aggregate === undefined || Kind.make(aggregate).snapshotKey !== key) continue
    const at = stateAt(app, stream, version)
    const name = `the snapshot of ${keyOf(stream)} at ${version}`
    if (streams.get(keyOf(stream))?.events[version - 1]?.eventId !== eventId) {
      found.push({ invariant: 12, message: `${name} is of another history` })
    } else if (at === undefined || canonical(JSON.parse(state)) !== encodeState(stream.aggregate, at.state)) {
      found.push({ invariant: 12, message: `${name} is not the fold of its events` })
    }
  }
  for (const name of run.snapshotLog.damagedFirst) {
    const host = run.hosts.find((one) => one.name === name)
    if (host !== undefined && !host.wasKilled && (host.counters.get("SnapshotFailures") ?? 0) === 0) {
      found.push({ invariant: 12, message: `${name} read a bad snapshot and did not report it` })
    }
  }
  return found
}
