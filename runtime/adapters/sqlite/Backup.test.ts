import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer } from "effect"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { EventStore } from "../../../core/EventStore.ts"
import { append, command, event, stored, streamOf } from "../../../core/laws/fixtures.ts"
import { empty } from "../../../core/Stream.ts"
import * as Backup from "./Backup.ts"
import { connect } from "./driver.ts"
import * as Sqlite from "./Sqlite.ts"
import { freshFolder } from "./testFolder.ts"

const stream = streamOf("t", "a")
const events = (file: string) => {
  const driver = connect(file)
  const { count } = driver.prepare("SELECT count(*) AS count FROM events").get() as { readonly count: number }
  driver.close()
  return count
}
const fine = () => Effect.void
/** More than the pages of two steps. */
const fill = Effect.fnUntraced(function* (store: EventStore["Service"]) {
  const payload = `{"s":"${"x".repeat(3_900_000)}"}`
  for (let i = 0; i < 10; i++) {
    const [expected, events] = [{ ...empty, version: i }, [event(`e-${i}`, { payload })]]
    const large = { stream, expected, events, command: command(`c-${i}`), remember: false, refusal: undefined }
    yield* stored(store, large)
  }
})

describe("backup()", () => {
  it.live(
    "copies the moment it began at, and never starts again, though every step is followed by a write",
    () =>
      Effect.gen(function* () {
        const folder = yield* freshFolder
        const store = Context.get(yield* Layer.build(Sqlite.layer({ folder })), EventStore)
        yield* fill(store)
        let writes = 0
        const writer = connect(`${folder}/nexus.db`)
        const steps: Array<number> = []
        const file = `${folder}/copy.db`
        yield* Backup.backup(folder, file, fine, (done) => {
          steps.push(done)
          const insert = writer.prepare("REPLACE INTO receipts VALUES (?, 't/Order/a', 1, 1, 'f', NULL, NULL, NULL)")
          for (let i = 0; i < 50; i++) insert.run(`r-${writes++}`)
        })
        writer.close()
        assert.isAbove(steps.length, 2)
        assert.deepEqual(steps, steps.toSorted((a, b) => a - b))
        assert.strictEqual(events(file), 10)
        const copy = connect(file)
        assert.deepEqual(copy.prepare("SELECT * FROM receipts").all(), [], "later writes are inside")
        copy.close()
        yield* stored(store, append(stream, 10, "the store goes on"))
      }),
    60_000,
  )

  it.live(
    "ends with the step under way when it is interrupted, and leaves nothing behind",
    () =>
      Effect.gen(function* () {
        const folder = yield* freshFolder
        yield* fill(Context.get(yield* Layer.build(Sqlite.layer({ folder })), EventStore))
        const before = readdirSync(folder)
        let steps = 0
        let stop = () => {}
        const fiber = yield* Effect.forkChild(Backup.backup(folder, `${folder}/copy.db`, fine, () => (steps++, stop())))
        stop = () => fiber.interruptUnsafe()
        assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)))
        assert.isAtMost(steps, 2)
        assert.deepEqual(readdirSync(folder), before)
      }),
    60_000,
  )

  it.live("leaves nothing behind where its inspection fails, whatever was there stays", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* Effect.scoped(Layer.build(Sqlite.layer({ folder })))
      const wrong = Effect.flip(Backup.backup(folder, `${folder}/copy.db`, () => Effect.fail("bad")))
      assert.strictEqual(yield* wrong, "bad")
      assert.isFalse(existsSync(`${folder}/copy.db`))
      // Somebody takes the name while the copy is looked through.
      const taken = Effect.sync(() => writeFileSync(`${folder}/copy.db`, "theirs"))
      const error = yield* Effect.flip(Backup.backup(folder, `${folder}/copy.db`, () => taken))
      assert.match(error.message, /cannot write .*EEXIST/)
      assert.strictEqual(readFileSync(`${folder}/copy.db`, "utf8"), "theirs")
      assert.deepEqual(readdirSync(folder).filter((name) => name.includes("part")), [])
    }))
})
