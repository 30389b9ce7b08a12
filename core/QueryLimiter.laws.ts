/**
 * What every limiter of temporal queries must keep, as data; each law uses a tenant of its own and the clock of its calls.
 * @module
 */
import { Arbitrary, Effect, Layer, Schema } from "effect"
import { epochMs, freshTenant, type Hands, holds, type Law, LawBroken, same, withClock } from "./laws/fixtures.ts"
import { defaults } from "./Limits.ts"
import { QueryLimiter, type Shape, type Verdict } from "./QueryLimiter.ts"

const { queries, queryMemoryMs, queryWindowMs } = defaults

/** A client of a limiter, at a time that the law sets. */
interface Asker extends Hands {
  readonly ask: Effect.Effect<Verdict, unknown>
}
const asker = (limiter: Shape, tenant: string, subject = "alice", hands: Hands = { ms: epochMs }): Asker =>
  Object.assign(hands, { ask: withClock(hands)(limiter.admit({ tenant, subject })) })

const law = (
  name: string,
  body: (limiter: Shape, tenant: string) => Generator<Effect.Effect<unknown, unknown>, void, never>,
): Law<QueryLimiter> => ({
  name,
  law: Effect.gen(function* () {
    const limiter = yield* QueryLimiter
    const tenant = yield* freshTenant
    yield* Effect.gen(() => body(limiter, tenant))
  }),
})

const admitted: Verdict = { _tag: "Admitted" }
const refused = (retryAfterMs: number): Verdict => ({ _tag: "Refused", retryAfterMs })
const times = (count: number, self: Effect.Effect<Verdict, unknown>) =>
  Effect.all(Array.from({ length: count }, () => self))
const all = (count: number, verdict: Verdict): ReadonlyArray<Verdict> => Array.from({ length: count }, () => verdict)

/** A limiter elsewhere takes its time for each call: it may do with a `share` of the random cases. */
export const lawsOf = (share: number): ReadonlyArray<Law<QueryLimiter>> => [
  law(
    "admit() lets as many through at once as the limit says, and says when the next may come",
    function* (to, tenant) {
      const client = asker(to, tenant)
      yield* same(yield* times(queries, client.ask), all(queries, admitted), "the first")
      yield* same(yield* client.ask, refused(queryWindowMs), "one more")
      client.ms += queryWindowMs - 1
      yield* same(yield* client.ask, refused(1), "a millisecond too early")
      client.ms += 1
      yield* same(yield* times(queries, client.ask), all(queries, admitted), "once the window has passed")
      yield* same(yield* client.ask, refused(queryWindowMs), "one more again")
    },
  ),

  law("admit() slides: each admission leaves the window by itself", function* (to, tenant) {
    const client = asker(to, tenant)
    const step = 1_000
    for (let i = 0; i < queries; i++, client.ms += step) yield* same(yield* client.ask, admitted, `admission ${i}`)
    for (let i = 0; i < queries; i++) {
      const leaves = epochMs + i * step + queryWindowMs
      yield* same(yield* client.ask, refused(leaves - client.ms), `before admission ${i} leaves`)
      client.ms = leaves - 1
      yield* same(yield* client.ask, refused(1), `just before admission ${i} leaves`)
      client.ms = leaves
      yield* same(yield* client.ask, admitted, `when admission ${i} leaves`)
    }
  }),

  law("admit() consumes nothing when it refuses", function* (to, tenant) {
    const client = asker(to, tenant)
    yield* times(queries, client.ask)
    for (let i = 1; i < 60; i++) {
      client.ms = epochMs + i * 1_000
      yield* same(yield* client.ask, refused(queryWindowMs - i * 1_000), `refusal ${i}`)
    }
    client.ms = epochMs + queryWindowMs
    yield* same(yield* times(queries, client.ask), all(queries, admitted), "after 59 refusals")
  }),

  law("admit() takes the newest admission for the time where the clock was set back", function* (to, tenant) {
    const client = asker(to, tenant)
    yield* times(queries - 2, client.ask)
    client.ms -= 3_600_000
    yield* same(yield* times(2, client.ask), all(2, admitted), "the last two, an hour before")
    yield* same(yield* client.ask, refused(3_600_000 + queryWindowMs), "one more, an hour before")
    client.ms = epochMs + queryWindowMs - 1
    yield* same(yield* client.ask, refused(1), "those of the earlier hour count as of the later")
    client.ms += 1
    yield* same(yield* client.ask, admitted, "once the clock has passed the window")
  }),

  law("admit() keeps clients apart: by tenant and by subject, whatever the subject's text", function* (to, tenant) {
    const subjects = ["alice", "Alice", "alice ", "al/ice", "%", "'; --", "äöü 漢字 😀", "x".repeat(255)]
    const clients = [
      ...subjects.map((subject) => asker(to, tenant, subject)),
      asker(to, `${tenant}.a`),
      asker(to, tenant, `a/alice`),
    ]
    for (const client of clients) yield* same(yield* times(queries, client.ask), all(queries, admitted), "a client")
    for (const client of clients) yield* same(yield* client.ask, refused(queryWindowMs), "the same client again")
  }),

  law("admit() lets exactly as many of 64 rivals through as the limit says", function* (to, tenant) {
    const client = asker(to, tenant)
    const verdicts = yield* Effect.all(Array.from({ length: 64 }, () => client.ask), { concurrency: "unbounded" })
    const through = verdicts.filter(({ _tag }) => _tag === "Admitted").length
    yield* holds(through === queries, `${through} of 64 rivals were admitted`)
  }),

  law("admit() remembers an idle client while a clock set back could show that it does not", function* (to, tenant) {
    const idle = asker(to, tenant)
    yield* times(queries, idle.ask)
    const hands = { ms: epochMs + queryMemoryMs }
    for (let i = 0; i < 50; i++) {
      yield* same(yield* asker(to, tenant, `other-${i}`, hands).ask, admitted, "another client")
    }
    yield* same(yield* idle.ask, refused(queryWindowMs), "the idle client, the clock set back to its time")
  }),

  law("admit() answers any sequence as the definition does", function* (to, tenant) {
    let runs = 0
    const result = yield* Arbitrary.checkEffect(
      Arbitrary.schema(Schema.Array(Step)),
      (steps) => Effect.as(compare(to, `${tenant}.${runs++}`, steps), true),
      { runs: Math.ceil(60 * share), seed: 11, size: 60 },
    )
    const failure = Arbitrary.formatCheckFailure(result)
    if (failure !== undefined) return yield* new LawBroken({ message: failure })
  }),
]

export const laws: ReadonlyArray<Law<QueryLimiter>> = lawsOf(1)

const Step = Schema.Struct({
  /** Added to the clock before. Sums of the smaller ones fall on the edges of windows. */
  clock: Schema.Literals([0, 0, 0, 0, 1, -1, 1_000, 30_000, 59_999, 60_000, -45_000, -3_600_000, 7_200_000]),
  client: Schema.Literals(["a", "a", "a", "b"]),
  asks: Schema.Literals([1, 1, 2, 5, 12]),
})

/** The definition, word for word, over all admissions there ever were. */
const compare = Effect.fnUntraced(function* (to: Shape, tenant: string, steps: ReadonlyArray<typeof Step.Type>) {
  const hands = { ms: epochMs }
  const ever = new Map<string, Array<number>>([["a", []], ["b", []]])
  for (const [n, { asks, client, clock }] of steps.entries()) {
    hands.ms += clock
    const admissions = ever.get(client)!
    for (let i = 0; i < asks; i++) {
      const t = Math.max(hands.ms, ...admissions)
      const fits = admissions.filter((at) => t - queryWindowMs < at && at <= t).length < queries
      if (fits) admissions.push(t)
      const verdict = yield* asker(to, tenant, client, hands).ask
      yield* same(verdict._tag, fits ? "Admitted" : "Refused", `step ${n}, ask ${i} of ${client}`)
      if (verdict._tag === "Refused") yield* holds(verdict.retryAfterMs >= 1, `told to wait ${verdict.retryAfterMs} ms`)
    }
  }
})

/** The laws of data that outlives its limiter; each build of `open` opens the same data. */
export const reopened = <E>(open: Layer.Layer<QueryLimiter, E>): ReadonlyArray<Law<never>> => {
  const half = <A, E2>(body: (limiter: Shape) => Effect.Effect<A, E2>) =>
    Effect.flatMap(Effect.service(QueryLimiter), body).pipe(Effect.provide(Layer.fresh(open)))
  const tenant = "durable-queries"
  return [{
    name: "admissions outlive the limiter that gave them",
    law: Effect.gen(function* () {
      yield* half((limiter) => times(queries - 1, asker(limiter, tenant).ask))
      const verdicts = yield* half((limiter) => times(3, asker(limiter, tenant).ask))
      yield* same(verdicts, [admitted, ...all(2, refused(queryWindowMs))], "what was left")
      const later = { ms: epochMs + queryWindowMs }
      yield* same(yield* half((limiter) => asker(limiter, tenant, "alice", later).ask), admitted, "in the next window")
    }),
  }]
}
