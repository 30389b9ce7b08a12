import { assert, describe, it } from "vitest"
import { interestsMax } from "../../../core/SecondaryBus.ts"
import { filterPolicy, limits, queueNamesOf, wantedOf } from "./resources.ts"

describe("the names of queues", () => {
  const all = (name: string) => Object.values(queueNamesOf("nexus-", "to", name))
  it("are the consumer's, where SQS can have them", () =>
    assert.deepStrictEqual(queueNamesOf("nexus-", "to", "mailer"), {
      ...{ queue: "nexus-to-mailer", dead: "nexus-dead-to-mailer" },
    }))

  it("differ for whatever differs, and are names that SQS takes", () => {
    const names = ["a", "a-dead", "a.b", "a~b", "a-b", "A-b", "x".repeat(128), `${"x".repeat(127)}y`, "dead-to-a"]
    const queues = [...names.flatMap(all), ...Object.values(queueNamesOf("nexus-", "queue", "a"))]
    assert.strictEqual(new Set(queues).size, queues.length)
    for (const name of queues) assert.match(name, /^nexus-[\w-]{1,74}$/)
    assert.deepStrictEqual(all("a.b"), all("a.b"))
  })
})

describe("a filter policy", () => {
  const of = (aggregate: string, ...types: ReadonlyArray<string>) => types.map((type) => ({ aggregate, type }))
  it("lets pass the types of each aggregate, in one order", () => {
    const one = `{"aggregate":["Order"],"type":["A","B"]}`
    assert.strictEqual(filterPolicy(of("Order", "B", "A", "B")), one)
    assert.strictEqual(
      filterPolicy([...of("Z", "A"), ...of("Order", "A", "B")]),
      `{"$or":[${one},{"aggregate":["Z"],"type":["A"]}]}`,
    )
  })
  it("is read as what it was made of; one that is none of ours, as nothing", () => {
    for (const wanted of [[], of("Order", "A", "B"), [...of("Order", "A", "B"), ...of("Z", "A")]]) {
      assert.deepStrictEqual(wantedOf(filterPolicy(wanted)), wanted)
    }
    for (const foreign of [undefined, "", "{", "null", "{}", `{"$or":[{}]}`, `{"store":["s"]}`]) {
      assert.deepStrictEqual(wantedOf(foreign), [])
    }
  })
  it("of nothing lets nothing pass, and has a bound", () => {
    assert.strictEqual(limits.filterValues, interestsMax)
    assert.strictEqual(filterPolicy([]), `{"aggregate":[{"exists":false}]}`)
    assert.throws(() => filterPolicy(of("Order", ...Array.from({ length: 151 }, (_, i) => `${i}`))), /151/)
  })
})
