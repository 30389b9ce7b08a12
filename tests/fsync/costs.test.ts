/**
 * What `costs.ts` and `docs/costs.md` say of the statements of a command is what a host over SQLite runs.
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { costs, table } from "./costs.ts"
import { all } from "./kinds.ts"

describe("the cost of a command", () => {
  it("is the number of statements that is documented, for each kind", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nexus-costs-"))
    const ran: Array<readonly [string, number]> = []
    await all(folder, () => {}, (kind, statements) => ran.push([kind, statements.length]))
    rmSync(folder, { recursive: true })
    assert.deepStrictEqual(ran, costs.map(({ kind, statements }) => [kind, statements]))
  })

  it("is shown in docs/costs.md as it is asserted here", () => {
    assert.include(readFileSync("docs/costs.md", "utf8"), table())
  })
})
