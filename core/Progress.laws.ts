/**
 * What every keeper of progress must keep, as data; each law uses consumers and tenants of its own.
 * @module
 */
import { Effect, Layer } from "effect"
import { freshTenant, type Law, same, streamOf } from "./laws/fixtures.ts"
import { type Mark, Progress, type Shape, start } from "./Progress.ts"
import type { StreamKey } from "./Stream.ts"

const law = (
  name: string,
  body: (progress: Shape, tenant: string) => Generator<Effect.Effect<unknown, unknown>, void, never>,
): Law<Progress> => ({
  name,
  law: Effect.gen(function* () {
    const progress = yield* Progress
    const tenant = yield* freshTenant
    yield* Effect.gen(() => body(progress, tenant))
  }),
})

const at = (version: number, core = version): Mark => ({ version, core })
const raised = (stream: StreamKey, version: number, core = version) => ({ stream, mark: at(version, core) })
const consumer = "mailer"

export const laws: ReadonlyArray<Law<Progress>> = [
  law("read() gives the marks in the order of the streams, and the start where there is none", function* (of, tenant) {
    const [a, b, c] = [streamOf(tenant, "a"), streamOf(tenant, "b"), streamOf(tenant, "c")]
    yield* same(yield* of.read(consumer, []), [], "of no stream")
    yield* same(yield* of.read(consumer, [a, b]), [start, start], "at first")
    yield* of.advance(consumer, [])
    yield* of.advance(consumer, [raised(a, 3, 2), raised(c, 9, 0)])
    yield* same(yield* of.read(consumer, [c, b, a, c]), [at(9, 0), start, at(3, 2), at(9, 0)], "then")
  }),

  law("advance() only raises", function* (of, tenant) {
    const a = streamOf(tenant, "a")
    const steps: ReadonlyArray<readonly [version: number, core: number, kept: number, keptCore: number]> = [
      [5, 4, 5, 4],
      [3, 3, 5, 4],
      [5, 5, 5, 4],
      [0, 0, 5, 4],
      [6, 4, 6, 4],
      [10, 10, 10, 10],
      [9, 9, 10, 10],
    ]
    for (const [version, core, kept, keptCore] of steps) {
      yield* of.advance(consumer, [raised(a, version, core)])
      yield* same(yield* of.read(consumer, [a]), [at(kept, keptCore)], `after ${version}`)
    }
  }),

  law("advance() of one stream twice at once keeps the higher mark", function* (of, tenant) {
    const a = streamOf(tenant, "a")
    yield* of.advance(consumer, [raised(a, 2), raised(a, 7), raised(a, 4)])
    yield* same(yield* of.read(consumer, [a]), [at(7)], "the mark")
  }),

  law("advance() of 64 rivals keeps the highest mark of each stream", function* (of, tenant) {
    const streams = ["a", "b", "c"].map((id) => streamOf(tenant, id))
    // Each rival another order, and none of them ascending.
    const versionOf = (rival: number, stream: number) => 1 + (rival * (stream * 2 + 27)) % 64
    yield* Effect.all(
      Array.from(
        { length: 64 },
        (_, rival) => of.advance(consumer, streams.map((stream, i) => raised(stream, versionOf(rival, i)))),
      ),
      { concurrency: "unbounded" },
    )
    yield* same(yield* of.read(consumer, streams), [at(64), at(64), at(64)], "the marks")
  }),

  law("advance() is read at once by whoever asks", function* (of, tenant) {
    const a = streamOf(tenant, "a")
    for (let version = 1; version <= 30; version++) {
      yield* of.advance(consumer, [raised(a, version)])
      yield* same(yield* of.read(consumer, [a]), [at(version)], "the mark")
    }
  }),

  law("read() and advance() take 500 streams", function* (of, tenant) {
    const streams = Array.from({ length: 500 }, (_, i) => streamOf(tenant, `s-${i}`))
    yield* of.advance(consumer, streams.map((stream, i) => raised(stream, i + 1)))
    yield* same(yield* of.read(consumer, streams), streams.map((_, i) => at(i + 1)), "all marks")
  }),

  law("consumers, tenants and streams do not mix, whatever their names", function* (of, tenant) {
    const ids = ["a", "A", "a.b", "a~", "a_", "-".padStart(2, "x"), "0", "x".repeat(128)]
    const streams = [
      ...ids.map((id) => streamOf(tenant, id)),
      streamOf(tenant, "a", "Cart"),
      streamOf(`${tenant}.a`, "a"),
      streamOf(`${tenant}~`, "a"),
    ]
    const consumers = ["router", "mailer", "mailer.a", "Mailer", "mailer~", "m_iler"]
    const markOf = (c: number, s: number) => at(1 + c * 100 + s)
    for (const [c, name] of consumers.entries()) {
      yield* of.advance(name, streams.map((stream, s) => ({ stream, mark: markOf(c, s) })))
    }
    for (const [c, name] of consumers.entries()) {
      yield* same(yield* of.read(name, streams), streams.map((_, s) => markOf(c, s)), name)
    }
    yield* same(yield* of.read("other", streams), streams.map(() => start), "another consumer")
  }),
]

/** The laws of marks that outlive their keeper; each build of `open` opens the same data. */
export const reopened = <E>(open: Layer.Layer<Progress, E>): ReadonlyArray<Law<never>> => {
  const half = <A, E2>(body: (progress: Shape) => Effect.Effect<A, E2>) =>
    Effect.flatMap(Effect.service(Progress), body).pipe(Effect.provide(Layer.fresh(open)))
  return [{
    name: "marks outlive their keeper, and still only rise",
    law: Effect.gen(function* () {
      const a = streamOf(yield* freshTenant, "a")
      yield* half((progress) => progress.advance(consumer, [raised(a, 5, 3)]))
      yield* half((progress) => progress.advance(consumer, [raised(a, 4, 4)]))
      yield* same(yield* half((progress) => progress.read(consumer, [a])), [at(5, 3)], "the mark")
    }),
  }]
}
