/**
 * What readers of the past were told: each admission and refusal as the definition says, each state the fold of the
 * events it claims, each page what the log holds.
 * @module
 */
import { canonical } from "../../../core/Fingerprint.ts"
import { keyOf as clientKey } from "../../../core/QueryLimiter.ts"
import { keyOf } from "../../../core/Stream.ts"
import type { Past } from "../../../runtime/TimeTravel.ts"
import { type Inquiry, say } from "../Question.ts"
import type { Run, Violation } from "../run.ts"
import type { Facts, StreamFacts } from "./Facts.ts"

/** The definition, word for word, over all admissions there ever were. */
export const limiter = ({ run }: Facts): ReadonlyArray<Violation> => {
  const { queries, queryWindowMs } = run.limits
  const admissions = new Map<string, Array<number>>()
  const found = run.rulings.flatMap(({ at, client, verdict, who }) => {
    const before = admissions.get(clientKey(client)) ?? []
    const t = Math.max(at, ...before)
    const counted = before.filter((one) => t - queryWindowMs < one && one <= t)
    const fits = counted.length < queries
    if (fits) admissions.set(clientKey(client), [...before, t])
    const waits = fits ? 0 : counted[counted.length - queries]! + queryWindowMs - at
    const isRight = verdict._tag === "Admitted" ? fits : !fits && verdict.retryAfterMs === waits
    return isRight ? [] : [{
      invariant: 13,
      message: `${clientKey(client)} was ${verdict._tag} by ${who} at ${at}, beside ${counted.length} admissions`,
    }]
  })
  return [...found, ...unasked(run, admissions)]
}

/** Whoever heard that it was admitted was so by the one limiter that all processes share. */
const unasked = ({ inquiries }: Run, admissions: ReadonlyMap<string, ReadonlyArray<number>>) => {
  const heard = new Map<string, number>()
  for (const { admitted, question: { client } } of inquiries) {
    if (admitted) heard.set(clientKey(client), (heard.get(clientKey(client)) ?? 0) + 1)
  }
  return [...heard].filter(([client, count]) => count > (admissions.get(client)?.length ?? 0)).map(([client]) => ({
    invariant: 13,
    message: `${client} was admitted more often than it was counted`,
  }))
}

export const past = (facts: Facts): ReadonlyArray<Violation> =>
  facts.run.inquiries.flatMap((inquiry) => {
    const { answer, asked, question } = inquiry
    const wrong = answer._tag === "Died"
      ? { invariant: 17, message: answer.cause }
      : foreign(facts.run, inquiry) ?? mistake(facts, inquiry)
    return wrong === undefined
      ? []
      : [{ invariant: wrong.invariant, message: `${say(question, asked)}: ${wrong.message}` }]
  })

const foreign = ({ plan }: Run, { answer, question }: Inquiry) => {
  const bytes = JSON.stringify(answer)
  const other = plan.tenants.find(({ name, secret }) => name !== question.stream.tenant && bytes.includes(secret))
  return other && { invariant: 14, message: `was told something of ${other.name}` }
}

const mistake = (facts: Facts, inquiry: Inquiry) => {
  const { answer, asked } = inquiry
  const message = answer._tag === "Page"
    ? pageMistake(facts, inquiry)
    : asked._tag === "State" && (answer._tag === "Past" || answer._tag === "Failed")
    ? stateMistake(facts, inquiry, asked.when)
    : undefined
  return message === undefined ? undefined : { invariant: 19, message }
}

/** Versions that were the newest at some time of the call. */
const headsOf = ({ moments }: StreamFacts, { answered, invoked }: Inquiry) =>
  moments.filter(({ from, until }) => from <= answered && until >= invoked).map(({ version }) => version)

const stateMistake = (facts: Facts, inquiry: Inquiry, when: { version: number } | { asOf: number }) => {
  const { answer, question: { stream } } = inquiry
  const its = facts.streams.get(keyOf(stream))!
  const heads = headsOf(its, inquiry)
  const versionAt = (head: number) =>
    "version" in when ? when.version : its.events.slice(0, head).filter((one) => one.recordedAt <= when.asOf).length
  if (answer._tag === "Failed") {
    const { error } = answer
    if (error._tag === "ActorDefect") {
      const { app } = facts.run.hosts.find(({ name }) => name === inquiry.host)!
      const fits = heads.some((head) => !facts.canTell(app, stream, versionAt(head)))
      return fits ? undefined : "failed in user code"
    }
    if (error._tag === "VersionNotFound") {
      const fits = heads.includes(error.headVersion) && "version" in when && error.headVersion < when.version
      return fits ? undefined : `was told of version ${error.headVersion}, the newest were ${heads}`
    }
    if (error._tag !== "BeforeFirstEvent") return undefined
    const fits = "asOf" in when && heads.some((head) => head > 0 && versionAt(head) === 0) &&
      its.events[0]!.recordedAt === error.firstRecordedAt
    return fits ? undefined : `was told that the first event came at ${error.firstRecordedAt}`
  }
  if (answer._tag !== "Past") return undefined
  const { past } = answer
  if (past === undefined) return heads.includes(0) ? undefined : "was told of nothing, but events were there"
  if (!heads.some((head) => past.version <= head && versionAt(head) === past.version)) {
    return `saw version ${past.version}, the newest were ${heads}`
  }
  if (past.settled && versionAt(its.events.length) !== past.version) return "was called settled and changed later"
  return foldMistake(facts, inquiry, past)
}

const foldMistake = (facts: Facts, { host, question: { stream } }: Inquiry, past: Past) => {
  const event = facts.streams.get(keyOf(stream))!.events[past.version - 1]!
  if (event.recordedAt !== past.recordedAt) return `was told a wrong time at ${past.version}`
  const { app } = facts.run.hosts.find(({ name }) => name === host)!
  const at = facts.stateAt(app, stream, past.version)
  const isFold = at !== undefined && canonical(past.state) === facts.encodeState(stream.aggregate, at.state)
  return isFold ? undefined : `saw a state at ${past.version} that is not the fold of its events`
}

type Key = readonly [at: number, aggregate: string, id: string, version: number]
const compare = (a: Key, b: Key): number => {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1
  return 0
}

/** A page holds what was in the log before the call, up to its last item, and nothing that the log does not hold. */
const pageMistake = ({ streams }: Facts, { answer, asked, invoked }: Inquiry): string | undefined => {
  if (answer._tag !== "Page" || asked._tag !== "Range") return undefined
  const { aggregate, cursor, from, limit, tenant, to } = asked.range
  const { items } = answer.page
  const keyed = items.map((one): Key => [one.recordedAt, one.aggregate, one.id, one.version])
  if (items.length > limit || keyed.some((key, i) => i > 0 && compare(keyed[i - 1]!, key) >= 0)) {
    return "is out of order"
  }
  const before = new Map<string, number>()
  for (const one of items) {
    const inRange = one.tenant === tenant && one.recordedAt >= from && one.recordedAt < to &&
      (aggregate === undefined || one.aggregate === aggregate)
    const stored = streams.get(keyOf(one))?.events[one.version - 1]
    if (!inRange || JSON.stringify(stored) !== JSON.stringify(one)) return `holds ${keyOf(one)}@${one.version} wrongly`
    before.set(`${keyOf(one)}@${one.version}`, 1)
  }
  // Behind a cursor only what comes after the page's first item is known to belong to it.
  const [first, last] = [keyed[0], keyed.at(-1)]
  for (const { appends } of streams.values()) {
    for (const one of appends.filter(({ commit }) => commit.ended < invoked).flatMap(({ events }) => events)) {
      const key: Key = [one.recordedAt, one.aggregate, one.id, one.version]
      const belongs = one.tenant === tenant && one.recordedAt >= from && one.recordedAt < to &&
        (aggregate === undefined || one.aggregate === aggregate) &&
        (answer.page.cursor === undefined || (last !== undefined && compare(key, last) <= 0)) &&
        (cursor === undefined || (first !== undefined && compare(key, first) >= 0))
      if (belongs && !before.has(`${keyOf(one)}@${one.version}`)) return `lacks ${keyOf(one)}@${one.version}`
    }
  }
  return undefined
}
