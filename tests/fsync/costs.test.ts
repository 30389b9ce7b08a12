/**
 * What `costs.ts` and `docs/costs.md` say of the statements of a command is what a host over SQLite runs.
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { costs, table } from "./costs.ts"
import { all, opened } from "./kinds.ts"

const inFolder = async <A>(use: (folder: string) => Promise<A>): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), "nexus-costs-"))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe("the cost of a command", () => {
  it("is the number of statements that is documented, for each kind", () =>
    inFolder(async (folder) => {
      const ran: Array<readonly [string, number]> = []
      await all(folder, () => {}, (kind, statements) => ran.push([kind, statements.length]))
      assert.deepStrictEqual(ran, costs.map(({ kind, statements }) => [kind, statements]))
    }))

  it("is counted behind the gate: where nothing is registered nothing is stored", () =>
    inFolder(async (folder) => {
      const { close, read, send } = await opened(folder, [], false)
      const answer = await send("a", "Deposit", { pence: 5 })
      assert.strictEqual(answer._tag === "Failure" ? answer.failure._tag : answer._tag, "SchemaNotRegistered")
      assert.strictEqual(await read("a"), undefined)
      await close()
    }))

  it("is shown in docs/costs.md as it is asserted here", () => {
    assert.include(readFileSync("docs/costs.md", "utf8"), table())
  })
})
