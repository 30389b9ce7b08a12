import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { EventStore, type StoredEvent, tombstone } from "../../../core/EventStore.ts"
import { append, repeated, stored, streamOf } from "../../../core/laws/fixtures.ts"
import type { StreamKey } from "../../../core/Stream.ts"
import { connect, run } from "./driver.ts"
import { check, migrate, migrations } from "./migrations.ts"
import * as Sqlite from "./Sqlite.ts"
import { watched } from "./testDriver.ts"
import { freshFolder } from "./testFolder.ts"

/** Events of several kinds and tenants out of order, at times that stand still and go back between streams. */
const history: ReadonlyArray<readonly [stream: StreamKey, version: number, recordedAt: number, type?: string]> = [
  [streamOf("t", "b"), 1, 100],
  [streamOf("t", "b"), 2, 100],
  [streamOf("t", "a", "Cart"), 1, 100],
  [streamOf("u", "b"), 1, 100],
  [streamOf("t", "b"), 3, 100],
  [streamOf("t", "a"), 1, 50],
  [streamOf("u", "b"), 2, 100, tombstone.type],
  [streamOf("t", "b"), 4, 120],
  [streamOf("t", "a"), 2, 120],
]
const events = history.map(([stream, version, recordedAt, type], i): StoredEvent => ({
  ...stream,
  version,
  recordedAt,
  eventId: `event-${i}`,
  type: type ?? "Happened",
  schemaVersion: 2,
  payload: `{"n":${i}}`,
  commandId: `command-${i}`,
  fingerprint: `fingerprint-${i}`,
  correlationId: `command-${i}`,
  causationId: undefined,
  principal: "alice",
  traceparent: undefined,
  writerId: "writer",
}))

/** A file as the first release wrote it: a table of streams, and each event with the number of its stream. */
const oldFile = Effect.gen(function* () {
  const folder = yield* freshFolder
  const driver = connect(`${folder}/nexus.db`)
  migrate(driver, migrations.slice(0, 1))
  const numbers = (names: ReadonlyArray<string>) =>
    new Map([...new Set(names)].toSorted().map((name, i) => [name, i + 1]))
  const kindOf = ({ tenant, aggregate }: StreamKey) => `${tenant}/${aggregate}`
  const kinds = numbers(events.map(kindOf))
  const streams = numbers(events.map((event) => `${kindOf(event)}/${event.id}`))
  for (const [name, no] of kinds) driver.prepare("INSERT INTO kinds VALUES (?, ?, ?)").run(no, ...name.split("/"))
  for (const [name, no] of streams) {
    const [tenant, aggregate, id] = name.split("/") as [string, string, string]
    driver.prepare("INSERT INTO streams VALUES (?, ?, ?)").run(no, kinds.get(`${tenant}/${aggregate}`)!, id)
  }
  const insert = driver.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
  for (const [i, event] of events.entries()) {
    const meta = JSON.stringify([event.fingerprint, null, null, event.principal, null, event.writerId])
    const [stream, kind] = [streams.get(`${kindOf(event)}/${event.id}`)!, kinds.get(kindOf(event))!]
    const { commandId, eventId, payload, recordedAt, schemaVersion, type, version } = event
    insert.run(i + 1, stream, version, kind, recordedAt, type, schemaVersion, eventId, commandId, meta, payload)
  }
  driver.close()
  return folder
})

describe("a file of the first layout", () => {
  it.effect("holds the same after it was opened, and goes on", () =>
    Effect.gen(function* () {
      const folder = yield* oldFile
      assert.deepEqual(yield* Sqlite.check({ folder }), [])
      const store = Context.get(yield* Layer.build(Sqlite.layer({ folder })), EventStore)
      assert.deepEqual((yield* store.feed(undefined, 99)).items, events)
      for (const tenant of ["t", "u"]) {
        const key = ({ aggregate, id, recordedAt, version }: StoredEvent) =>
          `${String(recordedAt).padStart(9, "0")} ${aggregate} ${id} ${version}`
        const want = events.filter((event) => event.tenant === tenant).toSorted((a, b) => key(a) < key(b) ? -1 : 1)
        assert.deepEqual((yield* store.byTime({ tenant, from: 0, to: 999, limit: 99 })).items, want)
      }
      const { items } = yield* store.streams("t", "Order", undefined, 9)
      assert.deepEqual(items.map(({ id }) => id), ["a", "b"])
      for (const event of events) {
        const { commandId, fingerprint, version } = (yield* store.receipt(event, event.commandId))!
        assert.deepEqual({ commandId, fingerprint, version }, {
          commandId: event.commandId,
          fingerprint: event.fingerprint,
          version: event.version,
        })
      }
      yield* repeated(store, append(streamOf("t", "b"), 0, "command-4"))
      assert.isTrue((yield* store.head(streamOf("u", "b"))).closed)
      yield* stored(store, append(streamOf("t", "b"), 4, "next"))
      yield* stored(store, append(streamOf("t", "new"), 0, "next"))
      const read = yield* store.read(streamOf("t", "b"), 0, 9)
      assert.deepEqual(read.map(({ version }) => version), [1, 2, 3, 4, 5])
      assert.deepEqual(yield* Sqlite.check({ folder }), [])
    }))

  const rowsOf = (file: string) => {
    const driver = connect(file)
    const counts = ["user_version", "events", "streams"].map((of) =>
      run(driver, of === "user_version" ? `PRAGMA ${of}` : `SELECT count(*) FROM ${of}`)
    )
    driver.close()
    return counts
  }
  const lost = {
    "its first event": "DELETE FROM events WHERE position = 1",
    "its name": "DELETE FROM streams WHERE id = 'a' AND kind_no = 2",
  }
  for (const [what, sql] of Object.entries(lost)) {
    it.effect(`is refused and left as it was if a stream has lost ${what}`, () =>
      Effect.gen(function* () {
        const folder = yield* oldFile
        const file = `${folder}/nexus.db`
        const driver = connect(file)
        run(driver, "DROP TRIGGER events_are_not_deleted")
        assert.strictEqual(Number(driver.prepare(sql).run().changes), 1)
        driver.close()
        const before = rowsOf(file)
        const refusal = yield* Effect.flip(Layer.build(Sqlite.layer({ folder })))
        assert.strictEqual(refusal.reason, "corrupt")
        assert.include(refusal.message, "restore the file from a copy")
        assert.match((yield* Sqlite.check({ folder }))[0]!.problem, /^damaged: /)
        assert.deepEqual(rowsOf(file), before)
      }))
  }
})

describe("a new file", () => {
  it.effect("is known as ours whenever another process makes it meanwhile", () =>
    Effect.gen(function* () {
      // Before each statement in turn that holds no lock yet.
      for (let step = 0, made = true; made; step++) {
        const folder = yield* freshFolder
        let [statements, locked] = [0, false]
        made = false
        const driver = watched((sql, run) => {
          if (statements++ === step && !locked) {
            made = true
            const other = connect(`${folder}/nexus.db`)
            migrate(other)
            other.close()
          }
          locked ||= sql === "BEGIN IMMEDIATE"
          return run()
        })(`${folder}/nexus.db`)
        migrate(driver)
        assert.strictEqual(check(driver), migrations.length)
        driver.close()
        assert.isTrue(made || step > 1)
      }
    }))
})
