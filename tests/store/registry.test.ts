import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { execFile } from "node:child_process"
import { execPath } from "node:process"
import { object } from "../../core/laws/schemas.ts"
import { SchemaRegistry } from "../../core/SchemaRegistry.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { freshFolder } from "../../runtime/adapters/sqlite/testFolder.ts"

const [subject, each] = ["Order.Placed.v1", 25]
const names = ["x", "y", "z"]

interface Got {
  readonly hash: string
  readonly revision: number
}
const registrar = (folder: string, name: string) =>
  Effect.callback<ReadonlyArray<Got>>((resume) => {
    const args = ["run", "-A", "--no-check", "tests/store/registrar.ts", folder, subject, name, String(each)]
    const child = execFile(execPath, args, { timeout: 60_000 }, (error, stdout) =>
      resume(error === null ? Effect.succeed(JSON.parse(stdout)) : Effect.die(error)))
    return Effect.sync(() =>
      child.kill()
    )
  })

describe("three processes that register on one file", () => {
  it.live("get revisions of their own, without a gap", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const registry = Context.get(yield* Layer.build(Sqlite.layer({ folder })), SchemaRegistry)
      yield* registry.register(subject, object({ a: { type: "integer" } }))
      yield* registry.setMode(subject, "NONE")
      const got = yield* Effect.all(names.map((name) => registrar(folder, name)), { concurrency: "unbounded" })
      const kept = yield* registry.revisions(subject)
      const wanted = Array.from({ length: 1 + names.length * each }, (_, i) => i + 1)
      assert.deepEqual(kept.map(({ revision }) => revision), wanted)
      for (const { hash, revision } of got.flat()) assert.strictEqual(kept[revision - 1]!.hash, hash)
      assert.deepEqual(got.flat().map(({ revision }) => revision).sort((a, b) => a - b), wanted.slice(1))
    }).pipe(Effect.scoped), 90_000)
})
