import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { execFileSync } from "node:child_process"
import {
  type Append,
  EventStore,
  type Shape,
  type StoreOutcomeUnknown,
  StoreUnavailable,
} from "../../../core/EventStore.ts"
import {
  append,
  commitOne,
  event,
  fence,
  noop,
  readAll,
  refused,
  repeated,
  same,
  stored,
  streamOf,
} from "../../../core/laws/fixtures.ts"
import { SnapshotStore } from "../../../core/SnapshotStore.ts"
import { codes, connect, type Driver, run } from "./driver.ts"
import * as Sqlite from "./Sqlite.ts"
import { type Around, sqliteError, watched } from "./testDriver.ts"
import { freshFolder, smallDisk } from "./testFolder.ts"

const open = (folder: string, around: Around = (_, run) => run()) =>
  Effect.map(
    Layer.build(Layer.fresh(Sqlite.layer({ folder }, watched(around)))),
    (context) => Context.get(context, EventStore),
  )
const stream = streamOf("t", "a")
const reasonOf = (store: Shape, one: Append) =>
  Effect.map(Effect.flip(store.commit([one])), (error): string => `${error._tag} ${error.reason}`)

describe("a file that another process has locked", () => {
  it.effect("is unavailable at once, confirms fences, and is whole again afterwards", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const store = yield* open(folder)
      yield* stored(store, append(stream, 0, "first"))
      const other = connect(`${folder}/nexus.db`)
      run(other, "BEGIN IMMEDIATE")
      const began = performance.now()
      for (let i = 0; i < 10; i++) {
        assert.strictEqual(yield* reasonOf(store, append(stream, 1, "second")), "StoreUnavailable locked")
      }
      assert.isBelow((performance.now() - began) / 10, 50, "the wait for a lock stops every timer of the process")
      yield* stored(store, fence(stream, 1))
      assert.strictEqual((yield* readAll(store, stream)).length, 1)
      run(other, "COMMIT")
      other.close()
      yield* stored(store, append(stream, 1, "second"))
    }))
})

/** Appends until the store refuses; answers how many went in, and the refusal. */
const fill = Effect.fnUntraced(function* (store: Shape) {
  const payload = `"${"x".repeat(20_000)}"`
  for (let version = 0; version < 1_000; version++) {
    const one = { ...append(stream, version, `c-${version}`), events: [event(`e-${version}`, { payload })] }
    const result = yield* Effect.result(commitOne(store, one))
    if (result._tag === "Failure") return { version, error: result.failure, one }
  }
  return yield* Effect.die("the disk never fills")
})

describe("a full disk", () => {
  it.effect("stores nothing of a group that does not fit, and goes on when there is room", (context) =>
    Effect.gen(function* () {
      const folder = yield* smallDisk
      if (folder === undefined) return context.skip("needs the right to mount")
      execFileSync("fallocate", ["-l", "600k", `${folder}/ballast`])
      const store = yield* open(folder)
      const { version, error, one } = yield* fill(store)
      assert.strictEqual(`${error._tag} ${error.reason}`, "StoreUnavailable disk-full")
      assert.isAbove(version, 3)
      for (let i = 0; i < 3; i++) assert.strictEqual(yield* reasonOf(store, one), "StoreUnavailable disk-full")
      assert.strictEqual((yield* readAll(store, stream)).length, version)
      assert.strictEqual(yield* store.receipt(stream, one.command!.commandId), undefined)
      yield* stored(store, fence(stream, version))
      execFileSync("rm", [`${folder}/ballast`])
      yield* stored(store, one)
      const events = yield* readAll(yield* open(folder), stream)
      assert.deepEqual(events.map(({ version }) => version), Array.from({ length: version + 1 }, (_, i) => i + 1))
    }))

  it.effect("is said where the file may not grow, and the group before it is kept", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      let driver!: Driver
      const layer = Sqlite.layer({ folder }, (file) => driver = connect(file))
      const store = Context.get(yield* Layer.build(layer), EventStore)
      yield* stored(store, append(stream, 0, "c-0"))
      run(driver, "PRAGMA max_page_count = 40")
      const group = Array.from({ length: 9 }, (_, i) => ({
        ...append(streamOf("t", `s-${i}`), 0, "c"),
        events: [event("e", { payload: `"${"x".repeat(30_000)}"` })],
      }))
      const error = yield* Effect.flip(store.commit(group))
      assert.strictEqual(`${error._tag} ${error.reason}`, "StoreUnavailable disk-full")
      for (const { stream } of group) assert.strictEqual((yield* store.head(stream)).version, 0)
      yield* stored(store, append(stream, 1, "c-1"))
    }))
})

describe("a file that may not be written", () => {
  it.effect("is said to be read-only, and is read on", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      let driver!: Driver
      const layer = Sqlite.layer({ folder }, (file) => driver = connect(file))
      const store = Context.get(yield* Layer.build(layer), EventStore)
      // SQLite itself refuses then, as it does on a disk that was mounted anew for reading.
      const readOnly = (on: boolean) => run(driver, `PRAGMA query_only = ${on ? 1 : 0}`)
      yield* stored(store, append(stream, 0, "first"))
      readOnly(true)
      assert.strictEqual(yield* reasonOf(store, append(stream, 1, "second")), "StoreUnavailable read-only")
      assert.strictEqual((yield* readAll(store, stream)).length, 1)
      readOnly(false)
      yield* stored(store, append(stream, 1, "second"))
    }))
})

describe("a COMMIT that fails", () => {
  const kinds = {
    "before anything was written": { done: false, wanted: ["Committed", "Committed", "Committed"] },
    "after everything was written": { done: true, wanted: ["Duplicate", "Duplicate", "Duplicate"] },
  }
  for (const [when, { done, wanted }] of Object.entries(kinds)) {
    it.effect(`${when} is unknown; the file is opened anew and then knows`, () =>
      Effect.gen(function* () {
        const folder = yield* freshFolder
        let fails = false
        const ran: Array<string> = []
        const store = yield* open(folder, (sql, go) => {
          ran.push(sql)
          if (sql !== "COMMIT" || !fails) return go()
          fails = false
          if (done) go()
          throw sqliteError(codes.io | (4 << 8), "disk I/O error")
        })
        yield* stored(store, append(stream, 0, "first"))
        const group = [append(stream, 1, "yes", 2), refused(stream, 3, "no"), noop(stream, 3, "nothing")]
        fails = true
        ran.length = 0
        const error: StoreUnavailable | StoreOutcomeUnknown = yield* Effect.flip(store.commit(group))
        assert.strictEqual(`${error._tag} ${error.reason}`, "StoreOutcomeUnknown io-error")
        assert.strictEqual((yield* store.head(stream)).version, done ? 3 : 1)
        assert.includeMembers(ran, ["close", "PRAGMA wal_checkpoint(TRUNCATE)"])
        const outcomes = yield* store.commit(group)
        assert.deepEqual(outcomes.map(({ _tag }) => _tag), wanted as never)
        assert.strictEqual((yield* readAll(store, stream)).length, 3)
        yield* repeated(store, append(stream, 0, "yes"))
      }))
  }

  it.effect("answers nothing while the log cannot be settled", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      let fails = false
      const store = yield* open(folder, (sql, go) => {
        if (sql !== "COMMIT" || !fails) return go()
        fails = false
        throw sqliteError(codes.io, "disk I/O error")
      })
      yield* stored(store, append(stream, 0, "first"))
      const reader = connect(`${folder}/nexus.db`)
      run(reader, "BEGIN")
      run(reader, "SELECT count(*) FROM events")
      fails = true
      yield* Effect.flip(store.commit([append(stream, 1, "second")]))
      const error = yield* Effect.flip(store.receipt(stream, "second"))
      assert.strictEqual(error.reason, "locked")
      run(reader, "COMMIT")
      reader.close()
      assert.strictEqual(yield* store.receipt(stream, "second"), undefined)
      yield* stored(store, append(stream, 1, "second"))
    }), 20_000)
})

describe("a statement that fails inside a group", () => {
  it.effect("stores nothing of the group and leaves nothing in memory", () =>
    Effect.gen(function* () {
      for (const code of [codes.io, codes.full, codes.corrupt, codes.readOnly]) {
        const folder = yield* freshFolder
        const other = yield* open(folder)
        const kinds = ["Order", "Cart", "Other"].map((aggregate) => streamOf("t", "a", aggregate))
        yield* stored(other, append(kinds[0]!, 0, "first"))
        // The second append has made its aggregate's row when the third fails: both are rolled back.
        const group = [
          append(kinds[0]!, 1, "second"),
          append(kinds[1]!, 0, "c"),
          append(streamOf("t", "b", "Cart"), 0, "c"),
        ]
        let inserted = 0
        const failing = yield* open(folder, (sql, go) => {
          if (sql.startsWith("INSERT OR ROLLBACK INTO events") && ++inserted === 3) throw sqliteError(code, "an error")
          return go()
        })
        const error = yield* Effect.flip(failing.commit(group))
        assert.strictEqual(error._tag, "StoreUnavailable")
        // Another process takes the number that the rolled-back aggregate had.
        yield* stored(other, append(kinds[2]!, 0, "c"))
        yield* stored(failing, append(kinds[1]!, 0, "c"))
        yield* stored(failing, append(kinds[0]!, 1, "second"))
        assert.deepEqual(yield* Sqlite.check({ folder }), [], "the file after the fault")
        for (const [i, stream] of kinds.entries()) {
          const events = yield* readAll(other, stream)
          yield* same(
            events.map(({ aggregate }) => aggregate),
            Array(i === 0 ? 2 : 1).fill(stream.aggregate),
            "aggregates",
          )
        }
      }
    }))
})

describe("a store that was closed", () => {
  it.effect("is unavailable", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const [store, snapshots] = yield* Effect.scoped(
        Effect.map(Layer.build(Sqlite.layer({ folder })), (context) =>
          [Context.get(context, EventStore), Context.get(context, SnapshotStore)] as const),
      )
      assert.strictEqual(yield* reasonOf(store, append(stream, 0, "c")), "StoreUnavailable closed")
      const error = yield* Effect.flip(snapshots.loadEach([stream]))
      assert.deepEqual(error, new StoreUnavailable({ reason: "closed" }))
    }))
})
