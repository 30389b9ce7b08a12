/**
 * What every snapshot store must keep, as data; each law uses a tenant of its own.
 * @module
 */
import { Effect, Layer } from "effect"
import { freshTenant, holds, type Law, same, streamOf } from "./laws/fixtures.ts"
import * as Limits from "./Limits.ts"
import { type Shape, type Snapshot, SnapshotStore } from "./SnapshotStore.ts"
import type { StreamKey } from "./Stream.ts"

const snapshot = (stream: StreamKey, version: number, key = "1:aaaa", state = `{"n":${version}}`): Snapshot => ({
  stream,
  version,
  eventId: `event-${version}`,
  recordedAt: 1_767_225_600_000 + version,
  key,
  state,
  checksum: `checksum ${version}`,
})

const law = (
  name: string,
  body: (store: Shape, tenant: string) => Generator<Effect.Effect<unknown, unknown>, void, never>,
): Law<SnapshotStore> => ({
  name,
  law: Effect.gen(function* () {
    const store = yield* SnapshotStore
    const tenant = yield* freshTenant
    yield* Effect.gen(() => body(store, tenant))
  }),
})

const load = (store: Shape, stream: StreamKey) => Effect.map(store.loadEach([stream]), ([kept]) => kept!)
const versions = (store: Shape, stream: StreamKey) =>
  Effect.map(load(store, stream), (kept) => kept.map(({ key, version }) => `${key} ${version}`))

export const laws: ReadonlyArray<Law<SnapshotStore>> = [
  law("save() keeps every field, byte for byte", function* (store, tenant) {
    const stream = streamOf(tenant, "bytes")
    const state = `{ "s" : "äöü 漢字 😀 '; DROP TABLE snapshots; --", "n":1.0, "z": "\\u0000" }`
    const full = snapshot(stream, 7, "3:0123abcd", state)
    yield* store.save(full)
    yield* same(yield* load(store, stream), [full], "the snapshot")
    const large = snapshot(stream, 8, "3:0123abcd", `{"s":"${"x".repeat(2_000_000)}"}`)
    yield* store.save(large)
    yield* holds((yield* load(store, stream))[0]?.state === large.state, "a large state was changed")
  }),

  law("save() keeps the newest snapshots of a key and the newest of each other", function* (store, tenant) {
    const stream = streamOf(tenant, "pruned")
    const kept = Limits.defaults.snapshotsKept
    for (let version = 1; version <= kept + 3; version++) yield* store.save(snapshot(stream, version, "1:old"))
    const newest = Array.from({ length: kept }, (_, i) => `1:old ${kept + 3 - i}`)
    yield* same(yield* versions(store, stream), newest, "one key")
    yield* store.save(snapshot(stream, 2, "2:new"))
    yield* same(yield* versions(store, stream), [`1:old ${kept + 3}`, "2:new 2"], "two keys")
    yield* store.save(snapshot(stream, kept + 9, "2:new"))
    yield* same(yield* versions(store, stream), [`2:new ${kept + 9}`, `1:old ${kept + 3}`, "2:new 2"], "the newer key")
  }),

  law("save() forgets at once what is older than all kept", function* (store, tenant) {
    const stream = streamOf(tenant, "late")
    const kept = Limits.defaults.snapshotsKept
    for (let version = 10; version < 10 + kept; version++) yield* store.save(snapshot(stream, version))
    const before = yield* load(store, stream)
    yield* store.save(snapshot(stream, 3))
    yield* same(yield* load(store, stream), before, "snapshots after a late one")
  }),

  law("save() replaces a snapshot of the same key and version", function* (store, tenant) {
    const stream = streamOf(tenant, "replaced")
    yield* store.save(snapshot(stream, 5, "1:a", `{"n":"corrupt"}`))
    yield* store.save(snapshot(stream, 5, "1:b"))
    const good = snapshot(stream, 5, "1:a", `{"n":"good"}`)
    yield* store.save(good)
    yield* same(yield* load(store, stream), [good, snapshot(stream, 5, "1:b")], "by version, then by key")
  }),

  law("forget() forgets one snapshot, in whose place the next good one stays", function* (store, tenant) {
    const stream = streamOf(tenant, "forgotten")
    const kept = Limits.defaults.snapshotsKept
    const large = (version: number) => snapshot(stream, version, "1:a", `{"s":"${"x".repeat(300_000)}${version}"}`)
    const newer = Array.from({ length: kept }, (_, i) => large(1_000 + i))
    for (const one of [snapshot(stream, 1_000, "2:b"), ...newer]) yield* store.save(one)
    const beside = streamOf(tenant, "beside")
    yield* store.save({ ...newer[0]!, stream: beside })
    yield* store.forget(newer[0]!)
    yield* same(
      yield* load(store, stream),
      [...newer.slice(1).toReversed(), snapshot(stream, 1_000, "2:b")],
      "one less",
    )
    yield* same(yield* versions(store, beside), ["1:a 1000"], "another stream's")
    for (let version = 1; version <= kept; version++) {
      yield* store.save(snapshot(stream, version, "1:a"))
      const good = (yield* load(store, stream)).find((one) => one.key === "1:a" && one.version < 1_000)
      yield* same(good, snapshot(stream, version, "1:a"), "the good one")
      if (version < kept) yield* store.forget(newer[version]!)
    }
  }),

  law("forget() leaves what took the place of the snapshot, and one that is gone", function* (store, tenant) {
    const stream = streamOf(tenant, "replaced-before")
    const bad = snapshot(stream, 5, "1:a", `{"s":"${"x".repeat(300_000)}"}`)
    const good = { ...bad, state: `{"s":"${"y".repeat(300_000)}"}`, checksum: "another" }
    yield* store.save(bad)
    yield* store.save(good)
    yield* store.forget(bad)
    yield* same(yield* load(store, stream), [good], "the one in its place")
    yield* store.forget(good)
    yield* store.forget(good)
    yield* same(yield* load(store, stream), [], "nothing")
  }),

  law("loadEach() answers in the order of the requests and keeps streams apart", function* (store, tenant) {
    const streams = [
      streamOf(tenant, "b"),
      streamOf(tenant, "a"),
      streamOf(`${tenant}.a`, "b"),
      streamOf(tenant, "b", "Cart"),
    ]
    for (const [i, stream] of streams.entries()) yield* store.save(snapshot(stream, i + 1))
    const asked = [streams[2]!, streamOf(tenant, "absent"), streams[0]!, streams[3]!, streams[1]!, streams[0]!]
    const found = (yield* store.loadEach(asked)).map((kept) => kept.map(({ version }) => version))
    yield* same(found, [[3], [], [1], [4], [2], [1]], "versions")
    yield* same(yield* store.loadEach([]), [], "no request")
  }),
]

/** The laws of data that outlives its store; each build of `open` opens the same data. */
export const reopened = <E>(open: Layer.Layer<SnapshotStore, E>): ReadonlyArray<Law<never>> => {
  const kept = snapshot(streamOf("durable-snapshots", "a"), 3)
  const half = <A, E2>(body: (store: Shape) => Effect.Effect<A, E2>) =>
    Effect.flatMap(Effect.service(SnapshotStore), body).pipe(Effect.provide(Layer.fresh(open)))
  return [{
    name: "snapshots outlive the store that wrote them",
    law: Effect.andThen(
      half((store) => store.save(kept)),
      half((store) => Effect.flatMap(load(store, kept.stream), (found) => same(found, [kept], "the snapshot"))),
    ),
  }]
}
