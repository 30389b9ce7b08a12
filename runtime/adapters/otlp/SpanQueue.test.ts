import { assert, it } from "@effect/vitest"
import { Context, Effect, Exit, Metric, Option, Scope } from "effect"
import { TestClock } from "effect/testing"
import { lowered } from "../../../core/Limits.ts"
import * as SpanQueue from "./SpanQueue.ts"

const spanOf = (queue: SpanQueue.SpanQueue, name: string, sampled = true) =>
  new SpanQueue.ExportedSpan({
    ...{
      name,
      parent: Option.none(),
      annotations: Context.empty(),
      links: [],
      startTime: 1n,
      kind: "internal",
      sampled,
    },
  }, queue.offer)
const limits = lowered({ exportQueue: 5, exportBatch: 2, exportFlushMs: 1_000 })
const registry = () => new Map() as Metric.MetricRegistry

/** A queue, what its receiver got in which request, and what that answers. */
const open = Effect.gen(function* () {
  const requests: Array<ReadonlyArray<string>> = []
  let answer: Effect.Effect<SpanQueue.Verdict> = Effect.succeed("taken")
  const metrics = registry()
  const queue = yield* SpanQueue.make(limits, (spans) => {
    requests.push(spans.map(({ name }) => name))
    return answer
  }).pipe(Effect.provideService(Metric.MetricRegistry, metrics))
  const end = (...names: ReadonlyArray<string>) => {
    for (const name of names) spanOf(queue, name).end(2n, Exit.void)
  }
  return {
    ...{ queue, requests, end },
    answers: (next: typeof answer) => void (answer = next),
    dropped: () => SpanQueue.SpansDropped.valueUnsafe(Context.make(Metric.MetricRegistry, metrics)).count,
  }
})

it.effect("offer() keeps ended, sampled spans alone, each once, and sends them in batches once a second", () =>
  Effect.gen(function* () {
    const { end, queue, requests } = yield* open
    const twice = spanOf(queue, "a")
    twice.end(2n, Exit.void)
    twice.end(3n, Exit.void)
    spanOf(queue, "unsampled", false).end(2n, Exit.void)
    spanOf(queue, "open")
    end("b", "c")
    yield* TestClock.adjust(999)
    assert.deepEqual(requests, [])
    yield* TestClock.adjust(1)
    assert.deepEqual(requests, [["a", "b"], ["c"]])
  }))

it.effect("offer() drops and counts what is more than the bound, and never waits", () =>
  Effect.gen(function* () {
    const { answers, dropped, end, requests } = yield* open
    answers(Effect.succeed("later"))
    end("a", "b", "c", "d", "e", "f", "g")
    assert.strictEqual(dropped(), 2)
    yield* TestClock.adjust("1 second")
    assert.deepEqual(requests, [["a", "b"]])
    answers(Effect.succeed("taken"))
    // The wait grows from failure to failure, and what waited is still there.
    yield* TestClock.adjust("1 second")
    assert.deepEqual(requests, [["a", "b"], ["a", "b"], ["c", "d"], ["e"]])
  }))

it.effect("spans that break what sends them are dropped and counted, those behind them are sent", () =>
  Effect.gen(function* () {
    const { answers, dropped, end, requests } = yield* open
    answers(Effect.die(new Error("no")))
    end("a", "b")
    yield* TestClock.adjust("1 second")
    assert.strictEqual(dropped(), 2)
    answers(Effect.succeed("taken"))
    end("c")
    yield* TestClock.adjust("1 second")
    assert.deepEqual(requests, [["a", "b"], ["c"]])
  }))

it.effect("a receiver that is gone is asked ever more seldom, at least every thirty seconds", () =>
  Effect.gen(function* () {
    const { answers, end, requests } = yield* open
    answers(Effect.succeed("later"))
    end("a")
    yield* TestClock.adjust("32 seconds")
    assert.strictEqual(requests.length, 6)
    yield* TestClock.adjust("60 seconds")
    assert.strictEqual(requests.length, 8)
  }))

it.effect("a batch that is refused for good is lost, counted, and blocks nothing", () =>
  Effect.gen(function* () {
    const { answers, dropped, end, requests } = yield* open
    answers(Effect.succeed("refused"))
    end("a", "b", "c")
    yield* TestClock.adjust("1 second")
    assert.deepEqual(requests, [["a", "b"], ["c"]])
    assert.strictEqual(dropped(), 3)
  }))

it.effect("the end sends what is left, and waits for a receiver that hangs no longer than its bound", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const { answers, end, requests } = yield* Scope.provide(open, scope)
    end("a", "b", "c")
    yield* Scope.close(scope, Exit.void)
    assert.deepEqual(requests, [["a", "b"], ["c"]])

    const hanging = yield* Scope.make()
    const other = yield* Scope.provide(open, hanging)
    answers(Effect.never)
    other.answers(Effect.never)
    other.end("a")
    const closing = yield* Effect.forkChild(Scope.close(hanging, Exit.void), { startImmediately: true })
    yield* TestClock.adjust(999)
    assert.isUndefined(closing.pollUnsafe())
    yield* TestClock.adjust(1)
    assert.isDefined(closing.pollUnsafe())
  }))

it("wire() says that a span failed, never what user code threw, and leaves its events out", () => {
  const span = spanOf({ offer: () => {} }, "a")
  span.event("geheim", 1n, { geheim: "geheim" })
  span.end(2n, Exit.die(new Error("geheim")))
  const { events, status } = SpanQueue.wire(span)
  assert.deepEqual({ events, status }, { events: [], status: { code: 2 } })
})
