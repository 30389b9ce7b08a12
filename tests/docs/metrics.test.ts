/**
 * Whoever is woken by a figure or a dead letter finds in docs/operations.md what to do.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { posix } from "node:path"
import type { DeadLetter } from "../../core/DeadLetters.ts"

const runbook = readFileSync("docs/operations.md", "utf8")
/** Of a heading: the rows of its tables, first cells alone. */
const firstCells = (heading: string): ReadonlyArray<string> =>
  (runbook.split(`\n## ${heading}\n`)[1] ?? "").split("\n## ")[0]!.split("\n").filter((line) => line.startsWith("| "))
    .map((line) => line.split("|")[1]!)

/** The compiler holds it to the type. */
const kinds: Readonly<Record<DeadLetter["kind"], true>> = { stream: true, message: true }

const sources = ["edge", "policies", "runtime"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => posix.join(folder, path))
).filter((path) => /(?<!\.test)\.ts$/.test(path))
const declared = sources.flatMap((path) =>
  [...readFileSync(path, "utf8").matchAll(/\b(?:counter|gauge|histogram|timer|frequency)\(\s*"(\w+)"/g)].map((
    [, name],
  ) => name!)
)

describe("the runbook", () => {
  it("has a row for every metric that the code declares, and none for others", () => {
    assert.isAbove(declared.length, 40)
    const named = firstCells("Health").flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!))
    assert.deepStrictEqual([...new Set(named)].toSorted(), [...new Set(declared)].toSorted())
    assert.lengthOf(named, new Set(named).size)
  })

  it("has a row for every kind of dead letter, and for those of the router", () => {
    const cells = firstCells("Dead letters").join("\n")
    for (const kind of Object.keys(kinds)) assert.include(cells, `kind \`${kind}\``)
    assert.include(cells, "consumer `router`")
  })
})
