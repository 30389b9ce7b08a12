/**
 * Proves that the `edge` project really runs inside workerd, and that Effect and SQLite storage work there.
 * @module
 */
import { runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { Effect, Schema } from "effect"
import { assert, describe, it } from "vitest"

describe("workerd", () => {
  it("is what runs these tests", () => assert.strictEqual(navigator.userAgent, "Cloudflare-Workers"))

  it("decodes a Schema inside an Effect fiber", async () => {
    const Line = Schema.Struct({ quantity: Schema.Int })
    const line = await Effect.runPromise(Schema.decodeUnknownEffect(Line)({ quantity: 3 }))
    assert.deepStrictEqual(line, { quantity: 3 })
  })

  it("gives a Durable Object SQLite storage that rolls back on a throw", async () => {
    const object = env.TEST_OBJECT.get(env.TEST_OBJECT.idFromName("smoke"))
    const rows = await runInDurableObject(object, (_, { storage }) => {
      storage.sql.exec("CREATE TABLE t (n INTEGER)")
      storage.sql.exec("INSERT INTO t VALUES (1)")
      assert.throws(() =>
        storage.transactionSync(() => {
          storage.sql.exec("INSERT INTO t VALUES (2)")
          throw new Error("roll back")
        })
      )
      return storage.sql.exec("SELECT n FROM t").toArray()
    })
    assert.deepStrictEqual(rows, [{ n: 1 }])
  })
})
