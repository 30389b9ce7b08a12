/**
 * Governance: nothing is stored that does not fit its schema, or whose schema this process had not read; what was read
 * goes on while the registry fails; and the check before routing lets nothing else pass.
 * @module
 */
import { Result } from "effect"
import { tombstone } from "../../../core/EventStore.ts"
import * as Kind from "../../../runtime/Kind.ts"
import * as Subject from "../../../schemas/Subject.ts"
import * as Validator from "../../../schemas/Validator.ts"
import { say } from "../History.ts"
import type { Reading } from "../registryModel.ts"
import type { Routing } from "../router.ts"
import type { Run, Violation } from "../run.ts"
import type { Commit } from "../storeModel.ts"

type Stored = Pick<Routing["event"], "aggregate" | "type" | "schemaVersion" | "payload">

const subjectOf = ({ aggregate, schemaVersion, type }: Stored): string => Subject.make(aggregate, type, schemaVersion)

/** Whether an event fits a revision of its subject, as the release declares it. */
const fits = ({ scenario }: Run, event: Stored): boolean =>
  (scenario.declared.get(subjectOf(event)) ?? []).some(({ schema }) => {
    const value = Result.try(() => JSON.parse(event.payload) as unknown)
    const validator = Validator.make(schema)
    return Result.isSuccess(value) && Result.isSuccess(validator) && validator.success(value.success).length === 0
  })

/** Commits of processes that stored events of the application. */
export const appends = ({ commits }: Run): ReadonlyArray<Commit> =>
  commits.filter(({ append, outcome }) =>
    outcome._tag === "Committed" && append.events.length > 0 && append.events[0]!.type !== tombstone.type
  )

/** An invalid event is neither stored nor sent on, an old one stays readable. */
export const valid = (run: Run): ReadonlyArray<Violation> => {
  const found = (message: string): Violation => ({ invariant: 15, message })
  const stored = appends(run).flatMap(({ append, by }) =>
    append.events.map((event) => ({ ...event, aggregate: append.stream.aggregate }))
      .filter((event) => !fits(run, event))
      .map((event) => found(`${by} stored a ${subjectOf(event)} that does not fit its schema`))
  )
  const routed = run.routings.flatMap((routing) => {
    const { event, refusal, who } = routing
    const name = `a ${subjectOf(event)}`
    if (!fits(run, event)) return refusal === undefined ? [found(`${who} would send on ${name} that is invalid`)] : []
    return refusal === undefined || refusal === "RegistryUnavailable" || wasMisled(run, routing)
      ? []
      : [found(`${who} would never send on ${name}, which is valid: ${refusal}`)]
  })
  return [...stored, ...routed]
}

const readingsOf = ({ readings }: Run, who: string, subject: string): ReadonlyArray<Reading> =>
  readings.filter((one) => one.who === who && one.subject === subject)

/** The registry had told this process what is not so, or that there is nothing. */
const wasMisled = (run: Run, { event, who }: Routing): boolean =>
  readingsOf(run, who, subjectOf(event)).some(({ hashes, isTrue }) => !isTrue || hashes?.size === 0)

/** What is not known to be registered is not stored; what is known goes on, whatever the registry does. */
export const registered = (run: Run): ReadonlyArray<Violation> => {
  const found = (message: string): Violation => ({ invariant: 20, message })
  const unread = appends(run).flatMap(({ append, by, ended }) => {
    const subjects = new Set(append.events.map((event) => subjectOf({ ...event, aggregate: append.stream.aggregate })))
    return [...subjects].flatMap((subject) => {
      const wanted = run.scenario.declared.get(subject)?.map(({ hash }) => hash) ?? []
      const wasRead = readingsOf(run, by, subject).some(({ answered, hashes }) =>
        answered <= ended && wanted.some((hash) => hashes?.has(hash))
      )
      if (!wasRead) return [found(`${by} stored ${subject} and had not read that it is registered`)]
      return (run.registeredAt.get(subject) ?? -1) > ended ? [found(`${by} stored ${subject} before it existed`)] : []
    })
  })
  return [...unread, ...stopped(run).map(found)]
}

/** Answers for want of a registry from a process that had read, and was never misled about, all that it could need. */
const stopped = (run: Run): ReadonlyArray<string> =>
  run.attempts.flatMap(({ answer, host, invokedAt, operation }) => {
    if (answer?._tag !== "Failed") return []
    const { error } = answer
    if (error._tag !== "SchemaNotRegistered" && error._tag !== "RegistryUnavailable") return []
    const app = run.hosts.find(({ name }) => name === host)?.app
    const aggregate = app?.aggregates[operation.stream.aggregate]
    if (aggregate === undefined || (error._tag === "RegistryUnavailable" && error.reason === "not read")) return []
    const kind = Kind.make(aggregate)
    const subjects = error._tag === "SchemaNotRegistered"
      ? [error.subject]
      : Object.values(aggregate.contract.events).map((event) => Kind.subject(kind, event))
    const known = subjects.every((subject) => {
      const readings = readingsOf(run, host, subject)
      const good = readings.find(({ answeredAt, askedAt, hashes, isTrue }) =>
        isTrue && hashes !== undefined && hashes.size > 0 && answeredAt - askedAt < run.limits.registryTimeoutMs
      )
      // Only what it has stored is in use: of two answers about something else the newer one may be taken.
      const usedAt = appends(run).find(({ append, by }) =>
        by === host &&
        append.events.some((event) => subjectOf({ ...event, aggregate: append.stream.aggregate }) === subject)
      )?.ended ?? Infinity
      return good !== undefined && good.answeredAt < invokedAt &&
        readings.every(({ answered, hashes, isTrue }) => isTrue || hashes === undefined || answered > usedAt)
    })
    return known ? [`${say(operation)} was told ${error._tag} by ${host}, which knew its schemas`] : []
  })
