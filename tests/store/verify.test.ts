import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { verify } from "../../cli/verify.ts"
import { Failure } from "../../cli/Verb.ts"
import * as Actors from "../../core/Actors.ts"
import { EventStore, tombstone } from "../../core/EventStore.ts"
import { digest } from "../../core/Fingerprint.ts"
import { append, refused, stored, streamOf } from "../../core/laws/fixtures.ts"
import { SnapshotStore } from "../../core/SnapshotStore.ts"
import { ActorHost } from "../../runtime/ActorHost.ts"
import { Gate } from "../../runtime/Gate.ts"
import { connect, type Driver } from "../../runtime/adapters/sqlite/driver.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { freshFolder } from "../../runtime/adapters/sqlite/testFolder.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import { app, asAlice, CounterAggregate } from "../host/Counter.ts"
import { damages, of } from "./damages.ts"

/** A folder as a host leaves it: four counters with events, refusals, no-ops, snapshots and a tombstone. */
const wellUsed = Effect.gen(function* () {
  const folder = yield* freshFolder
  const stores = Sqlite.layer({ folder })
  const use = Effect.gen(function* () {
    for (const id of ["a", "b", "c"]) {
      const counter = Actors.ask(CounterAggregate, id)
      for (let i = 0; i < 12; i++) {
        yield* counter.Repeat({ times: 2 })
        // Longer than the writer of snapshots rests, so that each counter has two.
        if (i === 6) yield* Effect.sleep("250 millis")
      }
      yield* counter.Add({ n: 0 }, { commandId: "noop" })
      yield* Effect.flip(counter.Add({ n: 2_000_000 }, { commandId: "refused" }))
    }
    const [store, snapshots] = [yield* EventStore, yield* SnapshotStore]
    yield* stored(store, append(streamOf("t1", "closed", "Counter"), 0, "close", 1, { type: tombstone.type }))
    yield* stored(store, refused(streamOf("t1", "empty", "Counter"), 0, "refused"))
    const kept = Effect.map(snapshots.loadEach([streamOf("t1", "c", "Counter")]), ([found]) => found!.length)
    while ((yield* kept) < 2) yield* Effect.sleep("5 millis")
  })
  const host = ActorHost.layer(app).pipe(
    Layer.provide([TickTrigger.layerImmediate, Gate.layerOpen]),
    Layer.provideMerge(stores),
  )
  yield* use.pipe(Effect.provide(Layer.merge(host, asAlice)))
  return folder
})

interface Printed {
  readonly ok: boolean
  readonly events: number
  readonly streams: number
  readonly commands: number
  readonly snapshots: number
  readonly findings: ReadonlyArray<{ readonly stream?: string; readonly version?: number; readonly problem: string }>
}
const engine = {
  check: (folder: string) => Sqlite.check({ folder }),
  layer: (folder: string) => Sqlite.layer({ folder }),
}
const run = Effect.fnUntraced(function* (folder: string) {
  let printed: readonly [text: string, json: unknown] = ["", undefined]
  const exitCode = yield* verify(engine).run({
    color: false,
    progress: () => {},
    option: (name) => name === "data" ? folder : undefined,
    json: true,
    env: {},
    app: Effect.succeed(app),
    print: (...what) => Effect.sync(() => printed = what),
  })
  return { exitCode, text: printed[0], report: printed[1] as Printed }
})

const unguarded = (driver: Driver, sql: string): void => {
  driver.prepare("DROP TRIGGER IF EXISTS events_are_not_updated").run()
  driver.prepare("DROP TRIGGER IF EXISTS events_are_not_deleted").run()
  assert.isAbove(Number(driver.prepare(sql).run().changes), 0, `${sql} changes nothing`)
}
describe("nexus verify", () => {
  it.live("finds nothing in a store that is whole, and every damage in its copies", () =>
    Effect.gen(function* () {
      const folder = yield* wellUsed
      const whole = yield* run(folder)
      assert.deepEqual(whole.report.findings, [])
      assert.strictEqual(whole.exitCode, 0)
      const { events, streams, commands, snapshots } = whole.report
      assert.deepEqual({ events, streams, commands, snapshots }, { events: 73, streams: 4, commands: 37, snapshots: 6 })
      assert.match(whole.text, /^ok: 73 events of 37 commands in 4 streams, 6 snapshots/)
      for (const [what, [sql, stream, version, problem]] of Object.entries(damages)) {
        const copy = `${yield* freshFolder}/copy`
        cpSync(folder, copy, { recursive: true })
        const driver = connect(`${copy}/nexus.db`)
        unguarded(driver, sql)
        driver.close()
        const { exitCode, report, text } = yield* run(copy)
        assert.strictEqual(exitCode, 1, what)
        assert.isFalse(report.ok)
        const [first] = report.findings
        assert.match(first!.problem, problem, what)
        assert.deepEqual([first!.stream ?? "", first!.version], [stream, version], what)
        assert.include(text, stream === "" ? problem.source : `${stream} version ${version}: `)
        assert.isTrue(report.findings.some(({ problem }) => problem.includes("events_are_not_updated is missing")))
        assert.notInclude(text, "many", "a finding holds a value")
      }
    }), 60_000)

  it.live("finds a snapshot that was forged with its checksum", () =>
    Effect.gen(function* () {
      const folder = yield* wellUsed
      const driver = connect(`${folder}/nexus.db`)
      const row = driver.prepare("SELECT * FROM snapshots WHERE version = 20 AND stream = 't1/Counter/b'")
        .get() as Record<string, string>
      const { stream, version, event_id, recorded_at, key } = row
      const state = `{"total":7}`
      const checksum = digest([stream, version, event_id, recorded_at, key, state].join("\n"))
      driver.prepare("UPDATE snapshots SET state = ?, checksum = ? WHERE version = 20 AND stream = ?").run(
        state,
        checksum,
        stream!,
      )
      driver.close()
      const { exitCode, report } = yield* run(folder)
      assert.strictEqual(exitCode, 1)
      const wanted = {
        stream: "t1/Counter/b",
        version: 20,
        problem: "the snapshot differs from the fold of the events",
      }
      assert.deepEqual(report.findings, [wanted])
    }), 20_000)

  it.live("finds damaged pages", () =>
    Effect.gen(function* () {
      const folder = yield* wellUsed
      const file = `${folder}/nexus.db`
      const bytes = readFileSync(file)
      bytes.fill(0x5a, 5 * 4096, 9 * 4096)
      writeFileSync(file, bytes)
      const { exitCode, report } = yield* run(folder)
      assert.strictEqual(exitCode, 1)
      assert.isTrue(report.findings.some(({ problem }) => /^damaged: /.test(problem)))
    }), 20_000)

  it.live("finds an index that no longer agrees with its table", () =>
    Effect.gen(function* () {
      const file = `${yield* wellUsed}/nexus.db`
      const driver = connect(file)
      const { command_id: commandId } = driver.prepare(`SELECT command_id FROM events WHERE version = 5 AND ${of("b")}`)
        .get() as { readonly command_id: string }
      driver.close()
      const bytes = readFileSync(file)
      const leafOfIndex = 0x0a
      let at = bytes.indexOf(commandId)
      while (bytes[at - (at % 4096)] !== leafOfIndex) at = bytes.indexOf(commandId, at + 1)
      bytes.write("x", at)
      writeFileSync(file, bytes)
      const { report } = yield* run(dirname(file))
      assert.isTrue(
        report.findings.some(({ problem }) => /^damaged: row \d+ missing from index events_by_command/.test(problem)),
      )
    }), 20_000)

  it.effect("says that there is no store, and makes none", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const failure = yield* Effect.flip(run(`${folder}/absent`))
      assert.instanceOf(failure, Failure)
      assert.include(failure.message, `${folder}/absent/nexus.db: missing`)
      writeFileSync(`${folder}/nexus.db`, "text")
      assert.include((yield* Effect.flip(run(folder))).message, "not-a-database")
    }))

  it.live("says how far a long check has come, and stops at a hundred findings", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* Effect.scoped(Effect.gen(function* () {
        const store = Context.get(yield* Layer.build(Sqlite.layer({ folder })), EventStore)
        for (let version = 0; version < 3_000; version += 500) {
          const stream = streamOf("t1", "long", "Counter")
          yield* store.commit(
            Array.from({ length: 10 }, (_, i) => append(stream, version + i * 50, `c-${version}-${i}`, 50)),
          )
        }
      }))
      const { report } = yield* run(folder)
      assert.strictEqual(report.findings.length, 100)
      assert.isBelow(report.events, 1_000)
      assert.deepEqual(report.findings[0], {
        stream: "t1/Counter/long",
        version: 1,
        problem: "Counter.Noted.v1 is unknown to the application",
      })
    }), 20_000)
})
