/**
 * Readers of the past: they ask as the edge does (first the limiter, then the store), learn times and cursors from what
 * they hear, and write every word down.
 * @module
 */
import { Cause, Effect, type Exit, Option } from "effect"
import type { TimeRange } from "../../core/EventStore.ts"
import { keyOf } from "../../core/Stream.ts"
import type { Host, Setting, Slot } from "./Fleet.ts"
import type { Process } from "./Process.ts"
import { type Answer, type Asked, describe, type Inquiry, type Question, say } from "./Question.ts"

const hourMs = 3_600_000

export interface Readers {
  /** Asks a question; a reader that insists comes back at the edge of its window. */
  readonly ask: (question: Question) => Effect.Effect<void>
  readonly inquiries: ReadonlyArray<Inquiry>
}

export const make = (
  { limits, world }: Setting,
  process: Process,
  slots: ReadonlyArray<Slot>,
): Readers => {
  const random = world.random("readers")
  const inquiries: Array<Inquiry> = []
  /** Times of events, by stream; and where the last page of a tenant's range ended. */
  const heard = new Map<string, Array<number>>()
  const open = new Map<string, TimeRange>()

  const askedOf = ({ kind, stream }: Question, host: Host): Asked => {
    if (kind._tag === "Version") return { _tag: "State", when: { version: kind.version } }
    if (kind._tag === "AsOf") {
      const times = heard.get(keyOf(stream)) ?? []
      const from = kind.heard && times.length > 0 ? random.pick(times) : host.process.wallMs()
      return { _tag: "State", when: { asOf: from + kind.deltaMs } }
    }
    const last = open.get(stream.tenant)
    if (kind.goesOn && last !== undefined) return { _tag: "Range", range: { ...last, limit: kind.limit } }
    const [now, { aggregate, tenant }] = [host.process.wallMs(), stream]
    const range = { tenant, from: now - 2 * hourMs, to: now + 2 * hourMs, limit: kind.limit }
    return { _tag: "Range", range: kind.narrow ? { ...range, aggregate } : range }
  }

  const learn = (question: Question, asked: Asked, answer: Answer): void => {
    const learned = (key: string, at: number) => void heard.set(key, [...heard.get(key) ?? [], at])
    if (answer._tag === "Past" && answer.past !== undefined) {
      const { recordedAt } = answer.past
      return learned(keyOf(question.stream), recordedAt)
    }
    if (answer._tag !== "Page" || asked._tag !== "Range") return
    const { cursor, items } = answer.page
    for (const event of items) learned(keyOf(event), event.recordedAt)
    if (cursor === undefined) open.delete(asked.range.tenant)
    else open.set(asked.range.tenant, { ...asked.range, cursor })
  }

  const once = (question: Question, slot: Slot): Effect.Effect<Answer> =>
    Effect.callback<Answer>((resume) => {
      const { host } = slot
      if (host === undefined) return process.post(() => resume(Effect.succeed({ _tag: "Unanswered" })))
      const [asked, invoked] = [askedOf(question, host), world.step()]
      world.note(host.name, `${say(question, asked)} asked`)
      let [admitted, done] = [false, false]
      const tell = (answer: Answer) =>
        process.post(() => {
          if (done) return
          done = true
          host.onDeath.delete(dead)
          inquiries.push({ question, asked, host: host.name, invoked, answered: world.step(), admitted, answer })
          world.note(host.name, `${say(question)} ${describe(answer)}`)
          learn(question, asked, answer)
          resume(Effect.succeed(answer))
        })
      const dead = () => tell({ _tag: "Unanswered" })
      host.onDeath.add(dead)
      host.process.post(() => {
        const call = answerIn(host, question, asked, () => void (admitted = true)).pipe(
          Effect.timeoutOption(limits.requestTimeoutMs),
          Effect.map(Option.getOrElse((): Answer => ({ _tag: "Unanswered" }))),
        )
        Effect.runForkWith(host.context)(call).addObserver((exit) => tell(answerOf(exit)))
      })
    })

  return {
    inquiries,
    ask: Effect.fnUntraced(function* (question) {
      yield* Effect.sleep(question.thinkMs)
      const answer = yield* once(question, random.pick(slots))
      if (answer._tag !== "Refused" || !question.insists || answer.retryAfterMs > limits.queryWindowMs) return
      yield* Effect.sleep(answer.retryAfterMs - 1)
      yield* once(question, random.pick(slots))
      yield* Effect.sleep(1)
      yield* once(question, random.pick(slots))
    }),
  }
}

const answerIn = Effect.fnUntraced(function* (
  { past, limiter, store }: Host,
  { client, stream }: Question,
  asked: Asked,
  admitted: () => void,
) {
  const verdict = yield* limiter.admit(client)
  if (verdict._tag === "Refused") return verdict as Answer
  admitted()
  if (asked._tag === "Range") return { _tag: "Page", page: yield* store.byTime(asked.range) } satisfies Answer as Answer
  const principal = { ...client, scopes: ["history"] }
  const found = yield* past.state(principal, stream.aggregate, stream.id, asked.when)
  return { _tag: "Past", past: found } satisfies Answer as Answer
})

const answerOf = (exit: Exit.Exit<Answer, { readonly _tag: string }>): Answer => {
  if (exit._tag === "Success") return exit.value
  const failure = exit.cause.reasons.find((reason) => reason._tag === "Fail")
  return failure === undefined || exit.cause.reasons.length > 1
    ? { _tag: "Died", cause: Cause.pretty(exit.cause) }
    : { _tag: "Failed", error: failure.error as never }
}
