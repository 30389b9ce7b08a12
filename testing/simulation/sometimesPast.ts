/**
 * What should happen in some run of many to readers of the past and to their limiter.
 * @module
 */
import { tombstone } from "../../core/EventStore.ts"
import { keyOf as clientKey } from "../../core/QueryLimiter.ts"
import { keyOf } from "../../core/Stream.ts"
import type { Ruling } from "./limiterModel.ts"
import type { Answer, Inquiry } from "./Question.ts"
import type { Run } from "./run.ts"

const answered = (test: (answer: Answer) => boolean) => ({ inquiries }: Run) =>
  inquiries.some(({ answer }) => test(answer))
const failed = (tag: string) => answered((answer) => answer._tag === "Failed" && answer.error._tag === tag)

/** An admission, at the time at which it counts. */
interface Admission extends Ruling {
  readonly t: number
}
/** Looks at each ruling beside the admissions that its client had before. */
const ruled = (test: (ruling: Ruling, before: ReadonlyArray<Admission>, run: Run) => boolean) => (run: Run) => {
  const admissions = new Map<string, Array<Admission>>()
  return run.rulings.some((ruling) => {
    const before = admissions.get(clientKey(ruling.client)) ?? []
    const t = Math.max(ruling.at, ...before.map((one) => one.t))
    if (ruling.verdict._tag === "Admitted") admissions.set(clientKey(ruling.client), [...before, { ...ruling, t }])
    return test(ruling, before, run)
  })
}
const isRefused = ({ verdict }: Ruling) => verdict._tag === "Refused"
const counted = ({ at }: Ruling, before: ReadonlyArray<Admission>, { limits }: Run) => {
  const t = Math.max(at, ...before.map((one) => one.t))
  return before.filter((one) => one.t > t - limits.queryWindowMs)
}
const slotOf = (who: string) => who.split("-")[0]!

/** The events that a state as of a time holds of that very millisecond. */
const equals = ({ streams }: Run, { answer, asked, question }: Inquiry) => {
  if (answer._tag !== "Past" || answer.past === undefined || asked._tag !== "State" || !("asOf" in asked.when)) {
    return []
  }
  const { asOf } = asked.when
  const events = (streams.get(keyOf(question.stream)) ?? []).slice(0, answer.past.version)
  return events.filter(({ recordedAt }) => recordedAt === asOf)
}

export const sometimesPast: Readonly<Record<string, (run: Run) => boolean>> = {
  "past state told": answered((answer) => answer._tag === "Past" && answer.past !== undefined),
  "past state between events of one millisecond": (run) =>
    run.inquiries.some((inquiry) => new Set(equals(run, inquiry).map(({ commandId }) => commandId)).size > 1),
  "past state that could still change": answered((answer) => answer._tag === "Past" && answer.past?.settled === false),
  "past state of a stream that has ended": ({ inquiries, streams }) =>
    inquiries.some(({ answer, question }) =>
      answer._tag === "Past" && answer.past !== undefined &&
      streams.get(keyOf(question.stream))?.[answer.past.version - 1]?.type === tombstone.type
    ),
  "before the first event": failed("BeforeFirstEvent"),
  "beyond the newest version": failed("VersionNotFound"),
  "past that newer code wrote": failed("NewerEvent"),
  "page behind a cursor": ({ inquiries }) =>
    inquiries.some(({ answer, asked }) =>
      answer._tag === "Page" && answer.page.items.length > 0 && asked._tag === "Range" &&
      asked.range.cursor !== undefined
    ),
  "question refused at its limit": ruled(isRefused),
  "question refused one millisecond before the window slid": ruled(({ verdict }) =>
    verdict._tag === "Refused" && verdict.retryAfterMs === 1
  ),
  "question admitted in the millisecond in which the window slid": ruled((ruling, before, { limits }) =>
    !isRefused(ruling) && before.filter(({ t }) => t >= ruling.at - limits.queryWindowMs).length >= limits.queries
  ),
  "question asked by a clock that was set back behind the newest admission": ruled(({ at }, before) =>
    before.some(({ t }) => t > at)
  ),
  "question refused for admissions of another process": ruled((ruling, before, run) =>
    isRefused(ruling) && counted(ruling, before, run).some(({ who }) => slotOf(who) !== slotOf(ruling.who))
  ),
  "question refused for admissions from before a restart": ruled((ruling, before, run) =>
    isRefused(ruling) &&
    counted(ruling, before, run).some(({ who }) => slotOf(who) === slotOf(ruling.who) && who !== ruling.who)
  ),
  "admission counted that nobody heard of": ({ inquiries, rulings }) =>
    rulings.filter((ruling) => !isRefused(ruling)).length > inquiries.filter(({ admitted }) => admitted).length,
}
