import { Result } from "effect"
import { assert, it } from "vitest"
import * as flags from "./flags.ts"

const read = (...words: ReadonlyArray<string>) => Result.getOrElse(flags.read(words), (fault) => fault)

it("flags set the variables that they stand for, with the value behind them or behind an equals sign", () => {
  assert.deepStrictEqual(read(), {})
  assert.deepStrictEqual(read("--store", "dynamodb", "--aws-endpoint=http://127.0.0.1:1/a=b", "--role", "api"), {
    NEXUS_STORE: "dynamodb",
    NEXUS_AWS_ENDPOINT: "http://127.0.0.1:1/a=b",
    NEXUS_ROLE: "api",
  })
})

it("what is no flag, comes twice or lacks its value is refused in a sentence", () => {
  for (const word of ["--stores", "dynamodb", "-s", "--toString", "--constructor=1", ""]) {
    assert.match(`${read(word, "x")}`, /^there is no ".*"; flags: --store, --role, /, word)
  }
  assert.strictEqual(read("--store", "sqlite", "--store=dynamodb"), "--store is given twice")
  for (const words of [["--store"], ["--store", "--role"], ["--store="], ["--store", ""]]) {
    assert.strictEqual(read(...words), "--store needs a value: --store VALUE", words.join(" "))
  }
})

it("the help says something of each flag, and names its variable", () => {
  const lines = flags.help.split("\n").slice(2)
  assert.lengthOf(lines, Object.keys(flags.variables).length)
  for (const line of lines) assert.match(line, /^ {2}--[a-z-]+ +(NEXUS_[A-Z_]+|PORT) +\S/)
})
