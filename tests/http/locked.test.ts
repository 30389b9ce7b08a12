/**
 * What a server does at start about its schemas, seen in the registry of its file.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Declared from "../../core/Declared.ts"
import * as LockCheck from "../../core/LockCheck.ts"
import { SchemaRegistry } from "../../core/SchemaRegistry.ts"
import { CannotServe, type ServeOptions, start } from "../../edge/deno.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import app from "./app.ts"

const declared = Declared.make(app)
const lock = LockCheck.settled({ revisions: [], folds: [] }, declared, LockCheck.foldsOf(app))
const issuer = { NEXUS_ISSUER: "https://i.test", NEXUS_AUDIENCE: "a", NEXUS_JWKS_URL: "http://127.0.0.1:9/keys" }

/** Starts and stops a server; gives why it refused, and the subjects that its registry holds then. */
const served = async (options: ServeOptions) => {
  const folder = mkdtempSync(join(tmpdir(), "nexus-locked-"))
  try {
    const env = { NEXUS_DATA: folder, PORT: "0", ...options.env }
    const refused = await start(app, { ...options, env, logLevel: "Error" })
      .then((server) => server.stop().then(() => ""), (error: CannotServe) => error.lines.join("\n"))
    const subjects = await Effect.runPromise(
      Effect.flatMap(SchemaRegistry, (registry) => registry.subjects(undefined, 100)).pipe(
        Effect.provide(Sqlite.layer({ folder })),
      ),
    )
    return { refused, subjects }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe("a server at start", () => {
  it("registers every version of every event in development, with a lock and without", async () => {
    const all = declared.map(({ subject }) => subject).toSorted()
    for (const options of [{ lock }, {}]) {
      assert.deepStrictEqual(await served(options), { refused: "", subjects: all })
    }
  })

  it("registers nothing in CI, nor in production", async () => {
    for (const env of [{ CI: "true" }, { NEXUS_ENV: "production", ...issuer }]) {
      assert.deepStrictEqual(await served({ lock, env }), { refused: "", subjects: [] })
    }
  })

  it("does not serve in production without a lock that covers it", async () => {
    const env = { NEXUS_ENV: "production", ...issuer }
    assert.match((await served({ env })).refused, /^there is no lock: run `nexus schemas generate`/)
    const behind = { ...lock, revisions: lock.revisions.slice(1) }
    assert.match((await served({ env, lock: behind })).refused, /is not in the lock\n[\s\S]*nexus schemas generate/)
  })
})
