/**
 * Questions after the past, drawn before a run begins: data, so that a failing run can be cut down.
 * @module
 */
import type { Page, StoredEvent, TimeRange } from "../../core/EventStore.ts"
import { type Client, keyOf as clientKey } from "../../core/QueryLimiter.ts"
import { keyOf, type StreamKey } from "../../core/Stream.ts"
import type { Past, PastError, When } from "../../runtime/TimeTravel.ts"
import type { Random } from "./random.ts"

export type Kind =
  | { readonly _tag: "Version"; readonly version: number }
  /** So far from a time that was heard of the stream, or, where there is none, from the clock. */
  | { readonly _tag: "AsOf"; readonly heard: boolean; readonly deltaMs: number }
  /** Goes on where the reader's last page ended, if it may. */
  | { readonly _tag: "Range"; readonly limit: number; readonly narrow: boolean; readonly goesOn: boolean }

export interface Question {
  /** Its place behind the operations of the plan. */
  readonly n: number
  readonly client: Client
  readonly stream: StreamKey
  readonly kind: Kind
  readonly thinkMs: number
  /** Refused, it is asked again to the very millisecond it was told, and one before. */
  readonly insists: boolean
}

/** What it came to, once the reader knew times and cursors. */
export type Asked =
  | { readonly _tag: "State"; readonly when: When }
  | { readonly _tag: "Range"; readonly range: TimeRange }

export type Answer =
  | { readonly _tag: "Past"; readonly past: Past | undefined }
  | { readonly _tag: "Page"; readonly page: Page<StoredEvent> }
  | { readonly _tag: "Refused"; readonly retryAfterMs: number }
  | { readonly _tag: "Failed"; readonly error: PastError | { readonly _tag: "BadCursor" } }
  | { readonly _tag: "Died"; readonly cause: string }
  /** The process died, or took longer than a request may. */
  | { readonly _tag: "Unanswered" }

/** One call, from its invocation to its answer, in steps of the world. */
export interface Inquiry {
  readonly question: Question
  readonly asked: Asked
  readonly host: string
  readonly invoked: number
  readonly answered: number
  /** The limiter said yes, and the process heard it. */
  readonly admitted: boolean
  readonly answer: Answer
}

/** The questions of each reader, who asks one after the other; those in `without` are left out. */
export const plan = (
  random: Random,
  streams: ReadonlyArray<StreamKey>,
  { from, questions, readers }: { readonly from: number; readonly questions: number; readonly readers: number },
  without: ReadonlySet<number>,
): ReadonlyArray<ReadonlyArray<Question>> => {
  const all: Array<Array<Question>> = Array.from({ length: readers }, () => [])
  for (let i = 0; i < questions && streams.length > 0; i++) {
    const reader = i % readers
    const stream = random.pick(streams)
    const question: Question = {
      n: from + i,
      // Two readers are one client: the limit is theirs together.
      client: { tenant: stream.tenant, subject: `reader-${reader >> 1}` },
      stream,
      kind: draw(random),
      thinkMs: random.chance(0.6) ? 0 : random.below(2_500),
      insists: random.chance(0.5),
    }
    if (!without.has(question.n)) all[reader]!.push(question)
  }
  return all.filter((some) => some.length > 0)
}

const draw = (random: Random): Kind => {
  const roll = random.next()
  if (roll < 0.35) return { _tag: "Version", version: 1 + random.below(8) }
  if (roll < 0.8) {
    return { _tag: "AsOf", heard: random.chance(0.8), deltaMs: random.pick([-1, 0, 0, 0, 1, -2_000, 7_200_000]) }
  }
  return { _tag: "Range", limit: 1 + random.below(5), narrow: random.chance(0.3), goesOn: random.chance(0.6) }
}

export const say = ({ client, n, stream }: Question, asked?: Asked): string => {
  const what = asked === undefined
    ? ""
    : asked._tag === "State"
    ? JSON.stringify(asked.when)
    : `range ${asked.range.from} to ${asked.range.to}`
  return `question-${n} of ${clientKey(client)} ${keyOf(stream)} ${what}`.trimEnd()
}

/** For the timeline. */
export const describe = (answer: Answer): string => {
  switch (answer._tag) {
    case "Past":
      return answer.past === undefined ? "nothing" : `state at ${answer.past.version}`
    case "Page":
      return `${answer.page.items.length} events`
    case "Refused":
      return `refused for ${answer.retryAfterMs} ms`
    case "Failed":
      return `failed ${answer.error._tag}`
    case "Died":
      return `died: ${answer.cause}`
    case "Unanswered":
      return "unanswered"
  }
}
