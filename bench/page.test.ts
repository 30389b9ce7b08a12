/**
 * The page and its plot say what the results say: whoever changes one without the others is found here.
 * @module
 */
import { assert, describe, it } from "vitest"
import { body, pageFile, plotFile, render } from "./page.ts"
import { plot } from "./plot.ts"
import * as Result from "./Result.ts"

const again = "write it again with `deno task bench --report`"

describe("docs/performance.md", () => {
  it("holds the figures of bench/results", async () => {
    const page = await Deno.readTextFile(pageFile)
    assert.isTrue(render(page, await Result.readAll()) === page, `docs/performance.md is old: ${again}`)
  })

  it("has a plot of the same figures", async () => {
    const stored = await Deno.readTextFile(plotFile)
    assert.isTrue(plot(await Result.readAll()) === stored, `docs/performance.svg is old: ${again}`)
  })
})

const environment = { deno: "2", system: "linux", processors: 2, loadBefore: 0.1, measured: "2026-01-01" }
const result: Result.Result = {
  ...{ workload: "W7", says: "heap of an idle actor", environment },
  rounds: [{ nexus: { count: 1, heapBytesPerActor: 500 } }],
}

describe("body()", () => {
  it("says a missed bound as plainly as a kept one", () => {
    assert.include(body([result]), "| W7 | heap bytes per idle actor | 500 / **500** / 500 | at most 400: **missed** |")
  })

  it("calls figures of a busy machine provisional", () => {
    assert.notInclude(body([result]), "rovisional")
    const busy = { ...result, environment: { ...environment, loadBefore: 3 } }
    assert.include(body([busy]), "**Provisional:**")
  })
})

describe("render()", () => {
  it("keeps the words around the figures, and fails where the marks are lost", () => {
    const page = `# Before\n${body([])}\nafter\n`
    const other = render(page, [result])
    assert.isTrue(other.startsWith("# Before\n<!--") && other.endsWith("-->\nafter\n") && other.includes("500"))
    assert.throws(() => render("# nothing", [result]))
  })
})
