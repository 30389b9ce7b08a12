import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { document, type Json, objects } from "../tests/compat/generate.ts"
import * as Oracle from "../tests/compat/oracle.ts"
import * as Random from "../tests/compat/random.ts"
import { drawer } from "../tests/compat/values.ts"
import * as Draft07 from "./Draft07.ts"
import * as JsonSchemas from "./JsonSchemas.ts"

const dialect = "https://json-schema.org/draft/2020-12/schema"
const made = (schema: JsonSchemas.Standalone) => Result.getOrThrow(Draft07.make(schema))
const ofFields = (fields: Parameters<typeof JsonSchemas.ofFields>[0]) =>
  JsonSchemas.standalone(JsonSchemas.ofFields(fields))

interface Tree {
  readonly name: string
  readonly children: ReadonlyArray<Tree>
}
const Tree: Schema.Codec<Tree> = Schema.Struct({
  name: Schema.String,
  children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree)),
}).annotate({ identifier: "Tree" })
const contract = ofFields({
  tree: Tree,
  pair: Schema.Tuple([Schema.String, Schema.Int]),
  more: Schema.TupleWithRest(Schema.Tuple([Schema.String]), [Schema.Int]),
  none: Schema.Tuple([]),
  kind: Schema.TaggedUnion({ A: { x: Schema.Int }, B: {} }),
  maybe: Schema.optionalKey(Schema.NullOr(Schema.Number)),
  by: Schema.Record(Schema.String, Schema.Boolean),
})
/** Beside a `$ref` draft-07 ignores everything; 2020-12 does not. */
const beside = {
  $schema: dialect,
  type: "object",
  properties: {
    part: { $ref: "#/$defs/Part", maxLength: 2 },
    list: { type: "array", items: { $ref: "#/properties/part" } },
  },
  additionalProperties: false,
  $defs: { Part: { type: "string", minLength: 1 } },
} as const

/** Values of one schema before Ajv in both dialects; gives how many fitted and how many did not. */
const judged = (schema: JsonSchemas.Standalone, seed: number, values: number): readonly [number, number] => {
  const older = made(schema) as { readonly [key: string]: Json }
  const newer = schema as { readonly [key: string]: Json }
  const [before, after] = [Oracle.writer("2020-12", newer), Oracle.writer("07", older)]
  const [random, draw] = [Random.make(seed), drawer(newer)]
  let [fits, others] = [0, 0]
  for (let i = 0; i < values; i++) {
    const value = draw(random)
    const says = before(value)
    assert.strictEqual(after(value), says, `${JSON.stringify(value)} of ${JSON.stringify(schema)}`)
    says ? fits++ : others++
  }
  return [fits, others]
}

describe("Draft07.make()", () => {
  it("gives a schema that says its dialect and that draft-07 takes as one", () => {
    for (const schema of [contract, beside]) {
      const older = made(schema)
      assert.strictEqual(older["$schema"], "http://json-schema.org/draft-07/schema#")
      assert.isTrue(Oracle.isDraft07(older as never))
      assert.notMatch(JSON.stringify(older), /\$defs|prefixItems|2020-12/)
    }
  })

  it("means the same to Ajv for every drawn value, of contracts and of any schema", () => {
    let [fits, others] = [0, 0]
    const add = ([a, b]: readonly [number, number]) => ([fits, others] = [fits + a, others + b])
    for (const schema of [contract, beside]) add(judged(schema, 1, 400))
    for (let seed = 1; seed <= 150; seed++) {
      const random = Random.make(seed)
      add(judged(document("2020-12", objects(random, "2020-12", 3), random), seed, 40))
    }
    // Both sides are seen often, or the comparison says little.
    assert.isAbove(fits, 1_500)
    assert.isAbove(others, 250)
  })

  it("keeps what stands beside a reference", () => {
    const [fits, others] = judged(beside, 7, 200)
    assert.isAbove(fits, 20)
    assert.isAbove(others, 20)
    assert.isFalse(Oracle.writer("07", made(beside) as never)({ part: "long" }))
  })

  it("refuses what draft-07 has no words for, by its keyword", () => {
    for (const keyword of ["unevaluatedProperties", "$dynamicRef", "maxContains"]) {
      const inner = keyword === "maxContains"
        ? { contains: true, maxContains: 2 }
        : { [keyword]: keyword === "$dynamicRef" ? "#x" : false }
      const refused = Draft07.make({ $schema: dialect, type: "object", properties: { a: inner } })
      assert.isTrue(Result.isFailure(refused))
      if (Result.isFailure(refused)) assert.include(refused.failure.rule, keyword)
    }
  })
})
