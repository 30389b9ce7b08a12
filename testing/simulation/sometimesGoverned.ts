/**
 * What should happen in some run of many to schemas, policies and whoever depends on them.
 * @module
 */
import * as Subject from "../../schemas/Subject.ts"
import type { Answer } from "./History.ts"
import type { Reading } from "./registryModel.ts"
import type { Run } from "./run.ts"

/** An operation that was answered with such an error, and was accepted when it came again. */
const acceptedAfter = (...tags: ReadonlyArray<string>) => ({ attempts }: Run): boolean => {
  const refused = new Set<string>()
  return attempts.some(({ answer, operation }) => {
    if (answer?._tag === "Failed" && tags.includes(answer.error._tag)) refused.add(operation.name)
    return isStored(answer) && refused.has(operation.name)
  })
}
const isStored = (answer: Answer | undefined): boolean =>
  answer?._tag === "Accepted" && answer.receipt.events.length > 0

/** Some process stored an event of a subject, of which it had these readings before. */
const storedBehind = (test: (readings: ReadonlyArray<Reading>) => boolean) => ({ commits, readings }: Run): boolean =>
  commits.some(({ append, by, ended, outcome }) =>
    outcome._tag === "Committed" && append.events.some(({ schemaVersion, type }) => {
      const subject = Subject.make(append.stream.aggregate, type, schemaVersion)
      return test(readings.filter((one) => one.who === by && one.subject === subject && one.answered < ended))
    })
  )

export const sometimesGoverned: Readonly<Record<string, (run: Run) => boolean>> = {
  "type refused while the registry failed, then stored": acceptedAfter("RegistryUnavailable"),
  "type refused because nobody had registered it, then stored": acceptedAfter("SchemaNotRegistered"),
  "type stored that the registry had told before it failed": storedBehind((readings) =>
    readings.length > 1 && readings.at(-1)!.hashes === undefined && readings[0]!.isTrue
  ),
  "type stored whose schema the registry had changed meanwhile": storedBehind((readings) =>
    readings.length > 1 && !readings.at(-1)!.isTrue && readings.at(-1)!.hashes !== undefined && readings[0]!.isTrue
  ),
  "type stored of which the first answer had been a lie": storedBehind(([first]) =>
    first !== undefined && !first.isTrue && first.hashes !== undefined && first.hashes.size > 0
  ),
  "denied, then allowed": acceptedAfter("PolicyDenied"),
  "policies not to be had, then allowed": acceptedAfter("PolicyUnavailable"),
  "scope withdrawn, then given back": acceptedAfter("Forbidden"),
  "event denied of a command that was allowed": ({ attempts, rules: { askings } }) =>
    askings.some(({ key, said }) => said === "no" && key.startsWith(`["append"`)) &&
    attempts.some(({ answer }) => answer?._tag === "Failed" && answer.error._tag === "PolicyDenied"),
  "yes that came too late": ({ limits, rules: { askings, isRemote } }) =>
    askings.some(({ answeredAt, askedAt, said }) =>
      said === "yes" && answeredAt - askedAt > (isRemote ? limits.remoteDecisionMs : limits.decisionMs)
    ),
  "violations of several tenants kept": ({ violations }) =>
    [...violations.values()].filter((kept) => kept.length > 0).length > 1,
  "command traced": ({ spans }) => spans.some(({ text }) => text.includes("nexus.commit")),
  "event sent on as far as the registry goes": ({ routings }) => routings.some(({ refusal }) => refusal === undefined),
  "event stopped before it was sent on": ({ routings }) => routings.some(({ refusal }) => refusal === "EventInvalid"),
}

/** A decision with an invalid event, and others whose events were stored before and behind it in one commit. */
export const invalidInTheMiddle = ({ attempts, commits }: Run): boolean => {
  const invalid = new Set(
    attempts.flatMap(({ answer, request }) =>
      answer?._tag === "Failed" && answer.error._tag === "EventInvalid" ? [request?.commandId] : []
    ),
  )
  return commits.some((middle) => {
    const { append, group } = middle
    if (append.events.length > 0 || append.command === undefined || !invalid.has(append.command.commandId)) return false
    const all = commits.filter((one) => one.group === group)
    const stores = (some: typeof all) =>
      some.some(({ append, outcome }) => append.events.length > 0 && outcome._tag === "Committed")
    const at = all.indexOf(middle)
    return stores(all.slice(0, at)) && stores(all.slice(at + 1))
  })
}
