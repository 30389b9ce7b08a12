/**
 * Random histories go through lines of text from store to store, and come out the same.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Context, Effect, Fiber, Layer, Result, Schema } from "effect"
import { createHash } from "node:crypto"
import { Archive } from "../../core/Archive.ts"
import * as ArchiveMemory from "../../core/ArchiveMemory.ts"
import { type Append, EventStore } from "../../core/EventStore.ts"
import { canonical } from "../../core/Fingerprint.ts"
import { append, command, event, sold, streamOf, walk } from "../../core/laws/fixtures.ts"
import * as ArchiveFile from "../../runtime/ArchiveFile.ts"
import * as ArchiveLine from "../../runtime/ArchiveLine.ts"
import { connect } from "../../runtime/adapters/sqlite/driver.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { freshFolder } from "../../runtime/adapters/sqlite/testFolder.ts"
import * as Export from "../../runtime/Export.ts"
import * as Import from "../../runtime/Import.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import * as SchemaRegistryMemory from "../../core/SchemaRegistryMemory.ts"
import { SchemaRegistry } from "../../core/SchemaRegistry.ts"
import { draw } from "../../testing/generators.ts"

const Step = Schema.Struct({
  tenant: Schema.Literals(["a", "b"]),
  id: Schema.Literals(["x", "y", "z"]),
  payloads: Schema.Array(Schema.Record(Schema.String, Schema.Json)).pipe(Schema.check(Schema.isMaxLength(3))),
  /** Spelt in a way that no `JSON.stringify` gives. */
  spaced: Schema.Boolean,
  refused: Schema.Boolean,
  principal: Schema.String,
  causationId: Schema.UndefinedOr(Schema.String),
  traceparent: Schema.UndefinedOr(Schema.String),
})
type History = ReadonlyArray<typeof Step.Type>
const histories = draw(Arbitrary.array(Arbitrary.schema(Step), { maxLength: 30 }), 60, 11) as Effect.Effect<
  ReadonlyArray<History>
>

const digest = (): ArchiveFile.Digest => {
  const hash = createHash("sha256")
  return { update: (text) => void hash.update(text), hex: () => hash.copy().digest("hex") }
}

/** A registry in which the fixtures' event may say anything. */
const registered = Layer.effectDiscard(
  Effect.flatMap(SchemaRegistry, (registry) => registry.register("Order.Noted.v1", {})),
).pipe(Layer.provideMerge(CachedRegistry.layer), Layer.provide(SchemaRegistryMemory.layer))
const open = <A, E>(store: Layer.Layer<A, E>) => Layer.build(Layer.fresh(Layer.merge(store, Layer.orDie(registered))))
const stores = open(ArchiveMemory.layer)
const write = Effect.fnUntraced(function* (history: History) {
  const store = yield* EventStore
  for (const [n, { payloads, spaced, refused, tenant, id, ...record }] of history.entries()) {
    const stream = streamOf(tenant, id)
    const expected = yield* store.head(stream)
    const events = payloads.map((payload, i) =>
      event(`${n}-${i}`, { payload: JSON.stringify(payload, null, spaced ? 1 : 0) })
    )
    const one: Append = {
      ...append(stream, expected.version, `c-${n}`),
      expected,
      events,
      command: command(`c-${n}`, record),
      refusal: refused && events.length === 0 ? sold : undefined,
    }
    assert.strictEqual((yield* store.commit([one]))[0]!._tag, "Committed")
  }
})

const exported = Effect.suspend(() => {
  let text = ""
  const options = { tenant: undefined, begun: undefined, digest: digest(), progress: () => {} }
  const write = (more: string) => Effect.sync(() => void (text += more))
  return Effect.map(Export.run({ ...options, write }), (counts) => (assert.isDefined(counts), text))
})

/** Takes at most `stop` lines, as an import that was killed. */
const imported = Effect.fnUntraced(function* (text: string, stop = Infinity) {
  const [scan, importing] = [ArchiveFile.scan(digest()), yield* Import.make]
  for (const one of text.split("\n").slice(0, -1).slice(0, stop)) {
    yield* importing.take(yield* Effect.fromResult(scan.take(one)), scan.lines)
  }
  if (stop < Infinity) return undefined
  assert.isUndefined(scan.missing())
  return yield* importing.finish
})
const feed = Effect.flatMap(EventStore, (store) => walk((cursor) => store.feed(cursor, 7)))

describe("a random history", () => {
  it.live(
    "is the same in memory and in a file after a round trip, also where the import was cut",
    () =>
      Effect.gen(function* () {
        let [odd, receipts] = [0, 0]
        for (const [n, history] of (yield* histories).entries()) {
          const from = yield* stores
          yield* Effect.provideContext(write(history), from)
          const text = yield* Effect.provideContext(exported, from)
          odd += text.split("payloadText").length - 1
          receipts += text.split(`{"line":"receipt"`).length - 1
          const folder = yield* freshFolder
          const targets = [yield* stores, yield* open(Sqlite.layer({ folder }))]
          for (const target of targets as ReadonlyArray<Context.Context<Archive | CachedRegistry | EventStore>>) {
            yield* Effect.provideContext(imported(text, n), target)
            const first = yield* Effect.provideContext(imported(text), target)
            const again = yield* Effect.provideContext(imported(text), target)
            assert.deepEqual([again!.stored, again!.skipped], [0, 0])
            assert.strictEqual(again!.present, first!.stored + first!.present)
            assert.strictEqual(yield* Effect.provideContext(exported, target), text)
            const [wanted, got] = [yield* Effect.provideContext(feed, from), yield* Effect.provideContext(feed, target)]
            assert.isTrue(canonical(wanted) === canonical(got), "the feeds differ")
          }
        }
        assert.isAbove(odd, 20)
        assert.isAbove(receipts, 20)
      }),
    120_000,
  )

  it.live("is stored only as far as the registry holds it, whoever reads the lines", () =>
    Effect.gen(function* () {
      const from = yield* stores
      yield* Effect.provideContext(write((yield* histories).find((history) => history.length > 5)!), from)
      const text = yield* Effect.provideContext(exported, from)
      const nothing = CachedRegistry.layer.pipe(Layer.provide(SchemaRegistryMemory.layer))
      const target = yield* Layer.build(Layer.fresh(Layer.merge(ArchiveMemory.layer, nothing)))
      const error = yield* Effect.flip(Effect.provideContext(imported(text), target))
      assert.match(error.message, /^line 2: Order\.Noted\.v1 is not registered/)
      assert.deepEqual(yield* Effect.provideContext(feed, target), [])
    }))

  it.live("waits for the write lock that another process holds", () =>
    Effect.gen(function* () {
      const from = yield* stores
      yield* Effect.provideContext(write((yield* histories).find((history) => history.length > 5)!), from)
      const text = yield* Effect.provideContext(exported, from)
      const folder = yield* freshFolder
      const target = yield* open(Sqlite.layer({ folder }))
      const other = connect(`${folder}/nexus.db`)
      other.prepare("BEGIN IMMEDIATE").run()
      const importing = yield* Effect.forkChild(Effect.provideContext(imported(text), target))
      yield* Effect.sleep("200 millis")
      other.prepare("ROLLBACK").run()
      other.close()
      assert.isAbove((yield* Fiber.join(importing))!.stored, 3)
    }))

  it.live("is refused wherever a character of its text is changed", () =>
    Effect.gen(function* () {
      const from = yield* stores
      yield* Effect.provideContext(write((yield* histories).find((history) => history.length > 5)!), from)
      const text = yield* Effect.provideContext(exported, from)
      const accepts = (changed: string) => {
        const scan = ArchiveFile.scan(digest())
        const fine = changed.trimEnd().split("\n").every((line) => Result.isSuccess(scan.take(line)))
        return fine && scan.missing() === undefined
      }
      assert.isTrue(accepts(text))
      for (let at = 0; at < text.length - 1; at += 7) {
        const changed = `${text.slice(0, at)}${text[at] === "x" ? "y" : "x"}${text.slice(at + 1)}`
        assert.isFalse(accepts(changed), `a change at ${at}`)
        assert.isFalse(accepts(text.slice(0, at)), `a cut at ${at}`)
      }
    }))

  it("gives each line back as it was", () => {
    const lines: ReadonlyArray<ArchiveLine.Line> = [
      { _tag: "Header", tenant: undefined, events: 0 },
      { _tag: "Header", tenant: "t", events: 9 },
      { _tag: "End", events: 1, receipts: 2, sha256: "ab" },
    ]
    for (const line of lines) assert.deepEqual(ArchiveLine.decode(ArchiveLine.encode(line)), Result.succeed(line))
    assert.match((ArchiveLine.decode("[]") as { readonly failure: string }).failure, /"line" is none of/)
    assert.match((ArchiveLine.decode("null") as { readonly failure: string }).failure, /"line" is none of/)
  })
})
