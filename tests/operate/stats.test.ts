/**
 * `nexus stats` over a real file, while a writer holds its lock; estimates against the truth.
 * @module
 */
import { Effect } from "effect"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { bar, text } from "../../cli/stats.ts"
import { EventStore } from "../../core/EventStore.ts"
import { append, noop, refused, stored, streamOf, withClock } from "../../core/laws/fixtures.ts"
import { connect, connectReadOnly } from "../../runtime/adapters/sqlite/driver.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { bounds, stats } from "../../runtime/adapters/sqlite/stats.ts"
import { nexus } from "./nexus.ts"

const folder = mkdtempSync(join(tmpdir(), "nexus-stats-"))
const file = join(folder, "nexus.db")
const day = 86_400_000
const first = Date.UTC(2026, 0, 1)

/** 20 days of 500 events in 50 streams; a fifth of them of another tenant. */
beforeAll(() =>
  Effect.runPromise(
    Effect.gen(function* () {
      const store = yield* EventStore
      for (let i = 0; i < 20; i++) {
        const group = Array.from({ length: 250 }, (_, n) => {
          const stream = streamOf(n % 5 === 0 ? "u" : "t", `s-${n % 50}`, n % 2 === 0 ? "Order" : "Cart")
          return append(stream, (5 * i + Math.floor(n / 50)) * 2, `c-${i}-${n}`, 2)
        })
        yield* withClock({ ms: first + i * day })(store.commit(group))
      }
      yield* stored(store, refused(streamOf("t", "x"), 0, "refused"))
      yield* stored(store, noop(streamOf("t", "x"), 0, "noop"))
    }).pipe(Effect.provide(Sqlite.layer({ folder }))),
  ), 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("nexus stats", () => {
  it("tells all that a store holds, while a writer holds the lock", async () => {
    const writer = connect(file)
    writer.prepare("BEGIN IMMEDIATE").run()
    const { code, err, out } = await nexus("stats", "--data", folder, "--json")
    const table = (await nexus("stats", "--data", folder)).out
    writer.prepare("ROLLBACK").run()
    writer.close()
    assert.deepStrictEqual([code, err], [0, ""])
    const { days, ...said } = JSON.parse(out)
    assert.deepInclude(said, {
      ...{ events: 10_000, sampled: 10_000, streams: 50, oldest: first, newest: first + 19 * day },
      tenants: [{ name: "t", events: 8_000, streams: 40 }, { name: "u", events: 2_000, streams: 10 }],
      receipts: { count: 2, more: false },
      snapshots: { count: 0, more: false },
    })
    assert.deepStrictEqual(said.aggregates.map(({ name }: { name: string }) => name).toSorted(), [
      ...["t/Cart", "t/Order", "u/Cart", "u/Order"],
    ])
    assert.strictEqual(said.files.database, statSync(file).size)
    assert.strictEqual(days.length, 14)
    assert.deepStrictEqual(days.at(-1), { day: "2026-01-20", events: 500 })
    assert.match(table, /^events +10,000 in 50 streams$/m)
    assert.match(table, /^ {2}t +8,000 {2}█{24} {2}40 streams$/m)
    assert.match(table, /^ {2}2026-01-20 {2} *500 {2}█+$/m)
    assert.notInclude(table, "~")
  })

  it("estimates a large store from a sample, and says so", () => {
    const driver = connectReadOnly(file)
    const found = stats(driver, file, { ...bounds, all: 1_000, stretches: 50, stretch: 20, rows: 1 })
    driver.close()
    assert.deepStrictEqual([found.events, found.sampled], [10_000, 1_000])
    const [t, u] = found.tenants
    assert.approximately(t!.events, 8_000, 400)
    assert.approximately(u!.events, 2_000, 400)
    assert.deepStrictEqual(found.days.map(({ day }) => day).at(-1), "2026-01-20")
    for (const { events } of found.days) assert.approximately(events, 500, 250)
    assert.deepStrictEqual(found.receipts, { count: 1, more: true })
    assert.match(text(found), /~ is estimated from 1,000 events/)
    assert.match(text(found), /^ {2}t +~[\d,]+ /m)
    assert.match(text(found), /receipts +over 1 of/)
  })

  it("says so of an empty store, and of none", async () => {
    const empty = join(folder, "empty")
    await Effect.runPromise(Effect.scoped(Effect.provide(Effect.void, Sqlite.layer({ folder: empty }))))
    const { code, out } = await nexus("stats", "--data", empty)
    assert.deepStrictEqual([code, /^events +0 in 0 streams$/m.test(out)], [0, true])
    const none = await nexus("stats", "--data", join(folder, "none"))
    assert.deepStrictEqual([none.code, none.out], [1, ""])
    assert.match(none.err, /missing\. Name the folder/)
    const old = connect(join(empty, "nexus.db"))
    old.prepare("PRAGMA user_version = 1").get()
    old.close()
    assert.match((await nexus("stats", "--data", empty)).err, /older-schema.*nexus verify/)
  })

  it("draws bars in eighths", () => {
    assert.deepStrictEqual([bar(0), bar(1), bar(1 / 192), bar(0.5)], ["", "█".repeat(24), "▏", "█".repeat(12)])
  })
})
