/**
 * The command line is read strictly: what is not understood is said, nothing is guessed.
 * @module
 */
import { Effect, Result } from "effect"
import { assert, describe, it } from "vitest"
import { find, helpOf, helpOfAll, options } from "./parse.ts"
import { application, type Verb } from "./Verb.ts"

const verb: Verb = {
  name: "paint",
  help: "Paint a wall",
  options: {
    wall: { help: "Which", value: "WALL", required: true },
    color: { help: "Its color", value: "COLOR", default: "white" },
    wet: { help: "Do not wait" },
    ...application,
  },
  run: () => Effect.succeed(0),
}
const read = (...words: ReadonlyArray<string>) => {
  const given = options(verb, words)
  return Result.isSuccess(given) ? { ...given.success } : given.failure
}

describe("find()", () => {
  it("takes one word or two, as the verb has", () => {
    const two = { ...verb, name: "wall paint" }
    const rest = (...words: ReadonlyArray<string>) => find([verb, two], words)?.rest
    assert.deepStrictEqual([rest("paint", "x"), rest("wall", "paint", "x"), rest("wall")], [["x"], ["x"], undefined])
    assert.strictEqual(find([verb, two], ["wall", "paint"])?.verb, two)
  })
})

describe("options()", () => {
  it("reads values, flags and defaults, in both spellings", () => {
    assert.deepStrictEqual(read("--wall", "north", "--wet"), {
      wall: "north",
      wet: "true",
      color: "white",
      app: "./app.ts",
    })
    assert.deepStrictEqual(read("--wall=a=b", "--color=", "--app", "x.ts", "--json"), {
      ...{ wall: "a=b", color: "", app: "x.ts", json: "true" },
    })
  })

  it("refuses what it does not know, what is given twice, what is missing, and values in the wrong place", () => {
    assert.match(read("--wall", "n", "--roof") as string, /knows no "--roof"/)
    assert.match(read("--wall", "n", "south") as string, /knows no "south"/)
    assert.match(read("-w", "n") as string, /knows no "-w"/)
    assert.match(read("--constructor", "n") as string, /knows no "--constructor"/)
    assert.match(read("--wall", "n", "--wall", "s") as string, /--wall is given twice/)
    assert.match(read("--wet") as string, /--wall is missing: --wall WALL/)
    assert.match(read("--wall") as string, /--wall needs a value/)
    assert.match(read("--wall", "--wet") as string, /--wall needs a value/)
    assert.match(read("--wall", "n", "--wet=no") as string, /--wet takes no value/)
  })

  it("reads operands in their order, among the options, and asks for each", () => {
    const words: Verb = { ...verb, operands: { FROM: "Where from", TO: "Where to" }, options: { wet: { help: "" } } }
    const readAll = (...given: ReadonlyArray<string>) => {
      const read = options(words, given)
      return Result.isSuccess(read) ? { ...read.success } : read.failure
    }
    assert.deepStrictEqual(readAll("a", "--wet", "b"), { FROM: "a", TO: "b", wet: "true" })
    assert.match(readAll("a") as string, /TO is missing: nexus paint FROM TO/)
    assert.match(readAll("a", "b", "c") as string, /knows no "c"/)
    assert.match(readAll("a", "-b") as string, /knows no "-b"/)
    assert.match(readAll("", "b") as string, /knows no ""/)
    assert.match(helpOf(words), /Usage: nexus paint FROM TO \[options\]\n\n {2}FROM +Where from/)
  })

  it("does without an optional operand, which stands behind the others", () => {
    const { options: _, ...rest } = verb
    const words: Verb = {
      ...rest,
      options: {},
      operands: { FROM: "From" },
      optionalOperands: { TO: "To" },
      notes: "Ever.",
    }
    const readAll = (...given: ReadonlyArray<string>) => {
      const read = options(words, given)
      return Result.isSuccess(read) ? { ...read.success } : read.failure
    }
    assert.deepStrictEqual(readAll("a"), { FROM: "a" })
    assert.deepStrictEqual(readAll("a", "b"), { FROM: "a", TO: "b" })
    assert.match(readAll() as string, /FROM is missing: nexus paint FROM/)
    assert.match(
      helpOf(words),
      /Usage: nexus paint FROM \[TO\] \[options\]\n\n {2}FROM +From\n {2}TO +To[^]*\n\nEver\.$/,
    )
    assert.match(helpOfAll([words]), /paint FROM \[TO\] {2}Paint a wall/)
  })

  it("asks for nothing where help is asked for", () => {
    assert.deepStrictEqual(read("--help"), { help: "true" })
  })
})

describe("help", () => {
  it("shows every option with what it takes, and every verb", () => {
    for (
      const part of ["nexus paint", "--wall WALL", "(required)", "(white)", "--wet ", "--app FILE", "--json", "--help"]
    ) {
      assert.include(helpOf(verb), part)
    }
    assert.match(helpOfAll([verb]), /paint {2}Paint a wall/)
  })
})
