import { assert, it } from "@effect/vitest"
import { Layer } from "effect"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { builtin, reportText, simulate } from "../../testing/mod.ts"

/** In memory where there is such a place: the durability of a file is the kill test's to show. */
const place = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()
const seeds = { seeds: process.env["NEXUS_CI"] === "1" ? 60 : 20, from: 500 }

it(
  "the embedded store goes through the simulation step for step as the memory store does",
  { timeout: 120_000 },
  async () => {
    const folder = mkdtempSync(join(place, "nexus-sim-"))
    let opened = 0
    try {
      const store = Layer.suspend(() => Sqlite.layer({ file: join(folder, `${++opened}.db`) }))
      const embedded = await simulate(builtin.app, { ...builtin.options, store, ...seeds })
      const memory = await simulate(builtin.app, { ...builtin.options, ...seeds })
      assert.deepEqual(embedded.failures, [], reportText(embedded))
      assert.deepEqual([...embedded.digests], [...memory.digests])
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)
