/**
 * Policies: nothing is stored or told without a yes that came in time, to this very process and question; no refusal
 * without a no, or a failure, of its own; and what is kept of refusals is each tenant's alone.
 * @module
 */
import { type Input } from "../../../core/PolicyEnforcer.ts"
import type { Shape as Principal } from "../../../core/Principal.ts"
import { keyOf as streamOf } from "../../../core/Stream.ts"
import { keyOf } from "../../../policies/Remembered.ts"
import { askedOf } from "../clients.ts"
import { type Attempt, isDenied, isFinal, say } from "../History.ts"
import type { Asking } from "../policyModel.ts"
import type { Run, Violation } from "../run.ts"
import { appends } from "./governed.ts"

type Question = Pick<Input, "action" | "aggregate" | "type" | "path">

const keyIn = (run: Run, question: Question, { scopes, subject, tenant }: Principal): string =>
  keyOf({ ...question, app: run.scenario.app.name, tenant, subject, scopes })
const appendOf = (aggregate: string, type: string): Question => ({ action: "append", aggregate, type, path: "" })

/** What each process was told, by process and question. */
const index = ({ rules }: Run): ReadonlyMap<string, ReadonlyArray<Asking>> => {
  const all = new Map<string, Array<Asking>>()
  for (const asking of rules.askings) {
    const key = `${asking.who} ${asking.key}`
    const known = all.get(key)
    if (known === undefined) all.set(key, [asking])
    else known.push(asking)
  }
  return all
}

export const policies = (run: Run): ReadonlyArray<Violation> => {
  const { decisionMs, remoteDecisionMs } = run.limits
  const { isRemote } = run.rules
  const all = index(run)
  const bound = isRemote ? remoteDecisionMs : decisionMs
  /** An answer counts from when it came; one of a server only for what had been asked before. */
  const was = (who: string, key: string, from: number, to: number, test: (asking: Asking) => boolean): boolean =>
    (all.get(`${who} ${key}`) ?? []).some((asking) =>
      asking.asked <= to && (!isRemote || asking.asked >= from) && test(asking)
    )
  const yes = (to: number) => ({ answered, answeredAt, askedAt, said }: Asking) =>
    said === "yes" && answered! <= to && answeredAt - askedAt <= bound
  const no = ({ said }: Asking) => said === "no"
  const failed = ({ answeredAt, askedAt, said }: Asking) =>
    said === undefined || said === "nonsense" || answeredAt - askedAt >= bound

  const found: Array<Violation> = []
  const report = (message: string) => void found.push({ invariant: 20, message })

  for (const { append, by, ended } of appends(run)) {
    const askers = run.attempts.filter(({ host, operation }) =>
      host === by && operation.name === append.command?.correlationId
    )
    for (const type of new Set(append.events.map((event) => event.type))) {
      const question = appendOf(append.stream.aggregate, type)
      const allowed = askers.some(({ invoked, principal }) =>
        was(by, keyIn(run, question, principal), invoked, ended, yes(ended))
      )
      if (!allowed) report(`${by} stored ${type} in ${streamOf(append.stream)} without a yes of the policies`)
    }
  }

  for (const attempt of run.attempts) {
    const { answer, answered, host, invoked, operation, pausedMs, principal } = attempt
    if (answer === undefined || answer._tag === "Unanswered" || answer._tag === "Died") continue
    const entry = keyIn(run, askedOf(operation), principal)
    if (answer._tag !== "Failed") {
      if (!was(host, entry, invoked, answered!, yes(answered!))) report(`${say(operation)} was served without a yes`)
      continue
    }
    if (answer.error._tag !== "PolicyDenied" && answer.error._tag !== "PolicyUnavailable") continue
    // A repeat joins the first one while that is under way, whose question may have been asked before.
    const from = Math.min(...same(run, attempt).filter((one) => !hasEnded(one, invoked)).map((one) => one.invoked))
    const types = Object.keys(run.scenario.app.aggregates[operation.stream.aggregate]?.contract.events ?? {})
    const keys = [entry, ...types.map((type) => keyIn(run, appendOf(operation.stream.aggregate, type), principal))]
    if (answer.error._tag === "PolicyDenied" && !keys.some((key) => was(host, key, from, answered!, no))) {
      report(`${say(operation)} was denied by ${host}, though no policy said no`)
    }
    // A failure is never remembered, in process either. Whoever stood still behind an answer finds that its time is over.
    const isOwn = (key: string) =>
      was(host, key, from, answered!, (asking) => asking.asked >= from && (failed(asking) || pausedMs >= bound))
    if (answer.error._tag === "PolicyUnavailable" && !keys.some(isOwn)) {
      report(`${say(operation)} was told that the policies are unavailable to ${host}, which they were not`)
    }
  }
  return found
}

/** Whether its client had been told an answer behind which the command is not under way any more. */
const hasEnded = ({ answer, answered }: Attempt, at: number): boolean =>
  answer !== undefined && answered! < at && (isFinal(answer) || isDenied(answer))

const same = ({ attempts }: Run, attempt: Attempt): ReadonlyArray<Attempt> =>
  attempts.filter((one) =>
    one === attempt ||
    (one.host === attempt.host && one.request?.commandId !== undefined &&
      one.request.commandId === attempt.request?.commandId &&
      streamOf(one.operation.stream) === streamOf(attempt.operation.stream))
  )

/** What a tenant is shown of refusals, what the processes log and what they count: nothing of another tenant. */
export const apart = (run: Run): ReadonlyArray<Violation> => {
  const found = (message: string): Violation => ({ invariant: 14, message })
  const names = run.plan.tenants.map(({ name }) => name)
  const listed = [...run.violations].flatMap(([tenant, kept]) =>
    kept.filter((one) => names.some((name) => name !== tenant && JSON.stringify(one).includes(name)))
      .map((one) => found(`${tenant} is shown a violation of ${one.tenant}`))
  )
  const logged = run.logs.filter((line) => names.filter((name) => line.includes(name)).length > 1)
    .map((line) => found(`one log line is about two tenants: ${line}`))
  const counted = run.hosts.flatMap(({ metrics, name }) =>
    run.plan.tenants.filter((tenant) => metrics.includes(tenant.name) || metrics.includes(tenant.secret))
      .map((tenant) => found(`a metric of ${name} names ${tenant.name}`))
  )
  return [...listed, ...logged, ...counted, ...traced(run).map(found)]
}

/** A trace holds nothing of a payload, and no tenant but its own. */
const traced = ({ plan, spans }: Run): ReadonlyArray<string> =>
  spans.flatMap(({ tenant, text }) =>
    plan.tenants.filter(({ name, secret }) => text.includes(secret) || (name !== tenant && text.includes(name)))
      .map(({ name }) => `a span of ${tenant} shows something of ${name}: ${text}`)
  )
