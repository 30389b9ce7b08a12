/**
 * The bar says what is done and what is left, by what runs of the same kind took.
 * @module
 */
import { assert, describe, it } from "vitest"
import { bar, clock, start } from "./progress.ts"

describe("start()", () => {
  it("estimates what is left by runs of the same kind, others by their mean", () => {
    const written: Array<string> = []
    const progress = start(["a", "b", "a", "b"], true, (text) => written.push(text))
    progress.done("a", 10_000, "a took ten seconds")
    assert.include(written.join(""), "a took ten seconds\n")
    assert.include(written.at(-1), bar(1, 4, 30_000))
    progress.done("b", 2_000, "b")
    assert.include(written.at(-1), bar(2, 4, 12_000))
  })

  it("writes plain lines where nobody looks at a terminal", () => {
    const written: Array<string> = []
    start(["a"], false, (text) => written.push(text)).done("a", 1, "line")
    assert.deepStrictEqual(written, ["line\n"])
  })
})

describe("clock()", () => {
  it("says minutes and seconds", () => {
    assert.strictEqual(clock(125_400), "2:05")
  })
})
