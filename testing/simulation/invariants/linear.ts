/**
 * Every stream is linearizable: each answer is one that the newest state at some moment of the call would have given.
 *
 * Versions order the writes, so no search is needed: a read, a no-op or a rejection must fit a version that was the
 * newest at some time between its invocation and its answer.
 * @module
 */
import { Option } from "effect"
import { tombstone } from "../../../core/EventStore.ts"
import { canonical } from "../../../core/Fingerprint.ts"
import * as Position from "../../../core/Position.ts"
import { keyOf } from "../../../core/Stream.ts"
import { type Attempt, say } from "../History.ts"
import type { Violation } from "../run.ts"
import { type Facts, type Moment, sayEvents, sayRejection, sayStored, type StreamFacts } from "./Facts.ts"

type Report = (message: string) => void

export const linear = (facts: Facts): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  const report: Report = (message) => void found.push({ invariant: 7, message })
  for (const attempt of facts.run.attempts) {
    if (attempt.request === undefined) checkRead(facts, attempt, report)
    else checkMismatch(facts, attempt, report)
  }
  for (const same of facts.same) {
    // A remembered outcome was decided during the first of the calls that asked for it.
    const from = Math.min(...same.attempts.map(({ invoked }) => invoked))
    for (const attempt of same.attempts) checkDecision(facts, attempt, same.commandId, from, report)
  }
  for (const stream of facts.streams.values()) checkEvents(facts, stream, report)
  return found
}

const momentsOf = (facts: Facts, { operation }: Attempt, from: number, to: number): ReadonlyArray<Moment> =>
  facts.streams.get(keyOf(operation.stream))!.moments.filter((moment) => moment.from <= to && moment.until >= from)

const checkRead = (facts: Facts, attempt: Attempt, report: Report): void => {
  const { answer, answered, invoked, operation } = attempt
  if (answer?._tag !== "State") return
  const { state } = answer
  const version = state?.version ?? 0
  const moments = momentsOf(facts, attempt, invoked, answered!)
  if (!moments.some((moment) => moment.version === version)) {
    return report(`${say(operation)} saw version ${version}, the newest were ${moments.map((one) => one.version)}`)
  }
  if (state === undefined) return
  const event = facts.streams.get(keyOf(operation.stream))!.events[version - 1]!
  if (state.recordedAt !== event.recordedAt) report(`${say(operation)} was told a wrong time at ${version}`)
  const { aggregate } = operation.stream
  const at = facts.stateAt(facts.run.scenario.app, operation.stream, version)
  if (at === undefined || canonical(state.state) !== facts.encodeState(aggregate, at.state)) {
    report(`${say(operation)} saw a state at ${version} that is not the fold of its events`)
  }
  checkPosition(state.position, attempt, report)
}

const checkPosition = (position: string, { operation }: Attempt, report: Report): void => {
  const decoded = Option.getOrUndefined(Position.decode(position))
  if (decoded === undefined || keyOf(decoded.stream) !== keyOf(operation.stream)) {
    report(`${say(operation)} was told a position in another stream`)
  }
}

/** Refusals that tell of the stream, though nobody decided. */
const checkMismatch = (facts: Facts, attempt: Attempt, report: Report): void => {
  const { answer, answered, invoked, operation, request } = attempt
  if (answer?._tag === "Failed" && answer.error._tag === "StreamClosed") {
    const { appends } = facts.streams.get(keyOf(operation.stream))!
    const closed = appends.some(({ commit, events }) => events[0]!.type === tombstone.type && commit.began <= answered!)
    if (!closed) report(`${say(operation)} was told that the stream is closed`)
  }
  if (answer?._tag !== "Failed" || answer.error._tag !== "VersionMismatch") return
  const { version } = answer.error
  const newest = momentsOf(facts, attempt, invoked, answered!).some((moment) => moment.version === version)
  if (!newest || version === request!.ifMatch) report(`${say(operation)} was told of version ${version} wrongly`)
}

/** A rejection or a no-op: some version of its time must give it. */
const checkDecision = (facts: Facts, attempt: Attempt, commandId: string, from: number, report: Report): void => {
  const { answer, answered, operation } = attempt
  if (answer?._tag !== "Accepted" && answer?._tag !== "Rejected") return
  if (answer._tag === "Accepted") checkPosition(answer.receipt.position, attempt, report)
  if (answer._tag === "Accepted" && answer.receipt.events.length > 0) return
  const said = answer._tag === "Accepted" ? sayEvents([]) : sayRejection(answer.rejected.tag, answer.rejected.members)
  const moments = momentsOf(facts, attempt, from, answered!)
    .filter((moment) => answer._tag === "Rejected" || moment.version === answer.receipt.version)
  const fits = moments.some(({ version }) =>
    appsOf(facts).some((app) => facts.decisions(app, attempt, commandId, version).includes(said))
  )
  if (!fits) report(`${say(operation)} was told ${said}; versions ${moments.map((one) => one.version)} do not say so`)
}

const appsOf = ({ run }: Facts) => [...new Set(run.hosts.map((host) => host.app))]

/** Every stored append is what `decide` makes of the state before it, by the code of the host that wrote it. */
const checkEvents = (facts: Facts, { appends }: StreamFacts, report: Report): void => {
  for (const { commit, events } of appends.filter(({ events }) => events[0]!.type !== tombstone.type)) {
    const { commandId, correlationId, fingerprint, version } = events[0]!
    const key = keyOf(events[0]!)
    const same = facts.same.find((one) =>
      one.commandId === commandId && one.fingerprint === fingerprint && keyOf(one.stream) === key
    )
    const attempt = same?.attempts[0] ?? facts.run.attempts.find(({ operation }) => operation.name === correlationId)
    if (attempt === undefined) continue
    const apps = appsOf(facts).filter((app) =>
      facts.run.hosts.some((host) => host.app === app && (host.name === commit.who || commit.who === "network"))
    )
    const fits = apps.some((app) => facts.decisions(app, attempt, commandId, version - 1).includes(sayStored(events)))
    if (!fits) report(`${say(attempt.operation)} stored at ${version} what decide does not say at ${version - 1}`)
    const matches = same?.attempts.map(({ request }) => request!.ifMatch) ?? [undefined]
    if (!matches.some((ifMatch) => ifMatch === undefined || ifMatch === version - 1)) {
      report(`${say(attempt.operation)} was stored at ${version} against its If-Match`)
    }
  }
}
