import { assert, describe, it } from "@effect/vitest"
import { blocksOf, commandsOf, edited, formOf, marked } from "./blocks.ts"

const fence = "```"

describe("blocksOf()", () => {
  it("reads language, text, line and the comment before", () => {
    const text = ["# A", "<!-- file: a.ts -->", `${fence}ts`, "const a = 1", "", "a()", fence, fence, "plain", fence]
    const [first, second] = blocksOf(text.join("\n"))
    assert.deepStrictEqual(first, { lang: "ts", text: "const a = 1\n\na()", line: 3, mark: "file: a.ts" })
    assert.deepStrictEqual([marked(first!, "file"), marked(first!, "edit")], ["a.ts", undefined])
    assert.deepStrictEqual(second, { lang: "", text: "plain", line: 8, mark: "" })
    assert.throws(() => blocksOf(`${fence}ts\nconst a = 1`), /never closed/)
  })
})

describe("commandsOf()", () => {
  it("joins what is continued and drops comments, but no fragment of an address", () => {
    const text = "a b   # why\n\n# nothing\ncurl x#y \\\n  -d '{}'\n"
    assert.deepStrictEqual(commandsOf(text), ["a b", "curl x#y -d '{}'"])
  })
})

describe("formOf()", () => {
  it("keeps every figure but days, times and sizes", () => {
    const text = "wrote 7 in 2 KiB, 1,024 bytes \nat 2026-11-23T02:24:08.147Z\n2026-11-23  433\n\n"
    assert.deepStrictEqual(formOf(text), ["wrote 7 in <size>, <size>", "at <time>", "<day>  433"])
    assert.notDeepEqual(formOf("5 MiBs of 5 B"), formOf("6 MiBs of 6 B"))
  })
})

describe("edited()", () => {
  it("applies every hunk where it fits once", () => {
    assert.strictEqual(edited("a\nb\nc\n", " a\n+x\n@@\n-c\n+d"), "a\nx\nb\nd\n")
    assert.throws(() => edited("a\na\n", " a\n+x"), /fits 2 times/)
    assert.throws(() => edited("a\n", "-b"), /fits 0 times/)
  })
})
