import { Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe } from "vitest"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { closing } from "./closing.ts"

describe("close() in memory", () =>
  closing(() => {
    const layer = Layer.fresh(EventStoreMemory.layerOf(EventStoreMemory.emptyState()))
    return [layer, layer]
  }))

describe("close() on SQLite", () => {
  const folders: Array<string> = []
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))
  closing(() => {
    const folder = mkdtempSync(join(tmpdir(), "nexus-closing-"))
    folders.push(folder)
    return [Sqlite.layer({ folder }), Layer.fresh(Sqlite.layer({ folder }))]
  })
})
