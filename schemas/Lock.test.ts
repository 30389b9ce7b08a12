import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Result, Schema } from "effect"
import * as Lock from "./Lock.ts"

const [a, b, c] = ["a", "b", "c"].map((digit) => digit.repeat(64)) as [string, string, string]
const line = (subject: string, revision: number, registryVersion: number | null = null): Lock.Revision => ({
  subject,
  revision,
  hash2020: a,
  hash07: b,
  registryVersion,
})
const lock: Lock.Lock = {
  revisions: [
    line("Order.Placed.v10", 1),
    line("Order.Placed.v9", 2),
    line("Order.Placed.v9", 1, 4),
    line("Cart.Opened.v1", 1),
  ],
  folds: [{ aggregate: "Order", revision: 3, evolve: c }, { aggregate: "Cart", revision: 1, evolve: a }],
}
const text = Lock.render(lock)
const lines = text.trimEnd().split("\n")
const faultsOf = (text: string) => {
  const read = Lock.parse(text)
  return Result.isFailure(read) ? read.failure.map(({ line, rule }) => `${line} ${rule}`) : []
}

describe("Lock.render()", () => {
  it("sorts numbers as numbers and writes one fact a line", () => {
    assert.deepStrictEqual(
      lines.map((line) => JSON.parse(line)).map((one) => one.subject ?? one.aggregate),
      ["Cart", "Order", "Cart.Opened.v1", "Order.Placed.v9", "Order.Placed.v9", "Order.Placed.v10"],
    )
    assert.isTrue(text.endsWith("\n"))
  })

  const numbers = Arbitrary.schema(
    Schema.Array(Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: 99 })))),
  )
  it.effect.prop(
    "is read back as it was, in whatever order its lines stand",
    { numbers },
    ({ numbers }) =>
      Effect.sync(() => {
        const order = new Map(lines.map((line, i) => [line, numbers[i] ?? i]))
        const mixed = lines.toSorted((x, y) => order.get(x)! - order.get(y)!).join("\n")
        assert.strictEqual(Lock.render(Result.getOrThrow(Lock.parse(mixed))), text)
      }),
  )
})

describe("Lock.parse()", () => {
  it("takes line ends of Windows and an empty file", () => {
    assert.strictEqual(Lock.render(Result.getOrThrow(Lock.parse(text.replaceAll("\n", "\r\n")))), text)
    assert.deepStrictEqual(Result.getOrThrow(Lock.parse("")), Lock.empty)
  })

  it("says the line of everything that is wrong", () => {
    const broken = [...lines]
    broken[1] = broken[1]!.slice(0, -5)
    broken[2] = broken[2]!.replace("Cart.Opened.v1", "Cart.Opened")
    broken[3] = broken[3]!.replace(a, "xyz")
    const faults = faultsOf(broken.join("\n"))
    assert.deepStrictEqual(faults.map((fault) => fault.slice(0, 10)), [
      "2 is no JS",
      "3 names no",
      "4 is not {",
      "5 is Order",
    ])
    assert.match(faultsOf(`[]\n"x"\n{}`).join("\n"), /^1 is not \{ subject.*\n2 is no JSON object\n3 is not \{ subject/)
    assert.match(faultsOf(`${lines[0]!.slice(0, -1)},"more":1}`)[0]!, /^1 is not \{ aggregate, revision, evolve \}/)
  })

  it("names both lines that say the same, and a revision that is missing", () => {
    const twice = [...lines, lines[3]!.replace(a, c)].join("\n")
    assert.match(faultsOf(twice)[0]!, /^7 says Order.Placed.v9 revision 1 again, as line 4 does: keep one/)
    assert.match(
      faultsOf(lines.toSpliced(3, 1).join("\n"))[0]!,
      /^4 is Order.Placed.v9 revision 2, but revision 1 is missing/,
    )
  })

  it("knows a merge conflict, and says how to mend it", () => {
    const conflicted = [lines[0], "<<<<<<< HEAD", lines[1], "=======", lines[2], ">>>>>>> other"].join("\n")
    assert.deepStrictEqual(faultsOf(conflicted).length, 1)
    assert.match(faultsOf(conflicted)[0]!, /^2 holds a merge conflict: keep the lines of both sides, then run/)
  })
})
