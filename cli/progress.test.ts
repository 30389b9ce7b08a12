import { assert, describe, it } from "vitest"
import { line, make } from "./progress.ts"

const screen = (terminal: boolean) => {
  const written: Array<string> = []
  const clock = { ms: 0 }
  return { written, clock, reporter: make({ terminal, nowMs: () => clock.ms, write: (text) => written.push(text) }) }
}

describe("line()", () => {
  it("shows part, rate and the time left", () => {
    assert.strictEqual(
      line("importing", 1_500, 3_000, "events", 2, 500),
      "importing [############------------] 50% 1,500/3,000 events 500/s 0m03s left",
    )
    assert.strictEqual(line("a", 10, 36_010, "b", 1, 0), "a [------------------------] 0% 10/36,010 b 10/s 1h00m left")
    assert.strictEqual(line("a", 7, 7, "b", 1, 0), "a [########################] 100% 7/7 b 7/s")
  })
  it("counts where nobody knows the end", () => {
    assert.strictEqual(line("checking", 1_234, undefined, "events", 0, 0), "checking 1,234 events 0/s")
    assert.strictEqual(line("checking", 0, 0, "events", 1, 0), "checking 0 events 0/s")
  })
})

describe("make()", () => {
  it("writes over its line on a terminal, a few times a second, and ends it", () => {
    const { clock, reporter, written } = screen(true)
    for (let done = 0; done <= 100; done++, clock.ms += 10) reporter.report("copying", done, 100, "pages")
    assert.isBelow(written.length, 14)
    assert.isTrue(written.every((text) => text.startsWith("\rcopying") && text.endsWith("\x1b[K")))
    assert.include(written.at(-1), "100/100")
    reporter.end()
    reporter.end()
    assert.strictEqual(written.filter((text) => text === "\n").length, 1)
  })
  it("writes whole lines elsewhere, one a second and step", () => {
    const { clock, reporter, written } = screen(false)
    for (let done = 0; done < 100; done++, clock.ms += 10) reporter.report("copying", done, 200, "pages")
    reporter.report("checking", 0, undefined, "events")
    reporter.end()
    assert.deepStrictEqual(written.map((text) => /^(\w+) .*\n$/.exec(text)?.[1]), ["copying", "checking"])
  })
})
