import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { isRedacted, masked, redacted, visible } from "./Redacted.ts"

const secret = redacted(Schema.String)
class Holder extends Schema.Class<Holder>("Holder")({ secret }) {}
interface Tree {
  readonly label: string
  readonly children: ReadonlyArray<Tree>
}
const tree = (label: Schema.Codec<string>): Schema.Codec<Tree> => {
  const self: Schema.Codec<Tree> = Schema.Struct({
    label,
    children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => self)),
  })
  return self
}

describe("redacted()", () => {
  it("survives whatever is built around the schema", () => {
    const marked: Record<string, Schema.Constraint> = {
      itself: secret,
      "a check after it": secret.pipe(Schema.check(Schema.isMaxLength(3))),
      "checks on both sides": redacted(Schema.String.pipe(Schema.check(Schema.isMaxLength(3))))
        .pipe(Schema.check(Schema.isMinLength(1))),
      "a brand": secret.pipe(Schema.brand("Secret")),
      "an annotation": secret.annotate({ description: "a secret" }),
      "an absent key": Schema.optionalKey(secret),
      "an optional one": Schema.optional(secret),
      "null or it": Schema.NullOr(secret),
      "an array of it": Schema.Array(secret),
      "a tuple with it": Schema.Tuple([Schema.Int, secret]),
      "a record of it": Schema.Record(Schema.String, secret),
      "a record by it": Schema.Record(secret, Schema.Int),
      "a struct with it": Schema.Struct({ deep: Schema.Struct({ secret }) }),
      "a class with it": Holder,
      "a transformation": secret.pipe(Schema.decodeTo(Schema.String)),
      "an option of it": Schema.Option(secret),
      "a recursive one": tree(secret),
      "a suspended one": Schema.suspend(() => secret),
    }
    for (const [name, schema] of Object.entries(marked)) assert.isTrue(isRedacted(schema), name)
  })
  it("marks nothing else", () => {
    for (const schema of [Schema.String, Schema.Struct({ a: Schema.Array(Schema.Int) }), tree(Schema.String)]) {
      assert.isFalse(isRedacted(schema))
    }
  })
})

describe("visible()", () => {
  it("shows only declared, unmarked members", () => {
    const fields = { reason: Schema.String, secret, who: Schema.Struct({ secret }) }
    const members = { reason: "r", secret: "s", who: { secret: "s" }, other: 1, constructor: 2, toString: 3 }
    assert.deepEqual(visible(fields, members), { reason: "r" })
    for (const nothing of [undefined, null, {}]) assert.deepEqual(visible(fields, nothing), {})
  })
})

describe("masked()", () => {
  const hidden = "[redacted]"
  const cases: Readonly<Record<string, readonly [schema: Schema.Constraint, json: unknown, shown: unknown]>> = {
    "itself": [secret, "SECRET", hidden],
    "null or it": [Schema.NullOr(secret), null, hidden],
    "a field, and nothing beside it": [Schema.Struct({ secret, n: Schema.Int }), { secret: "SECRET", n: 1 }, {
      secret: hidden,
      n: 1,
    }],
    "a deep one": [Schema.Struct({ a: Schema.Array(Schema.Struct({ secret })) }), { a: [{ secret: "SECRET" }] }, {
      a: [{ secret: hidden }],
    }],
    "a tuple's": [Schema.Tuple([Schema.Int, secret]), [1, "SECRET"], [hidden, hidden]],
    "values of a record": [Schema.Record(Schema.String, secret), { a: "SECRET" }, { a: hidden }],
    "keys of a record": [Schema.Record(secret, Schema.Int), { SECRET: 1 }, hidden],
    "that of one member": [
      Schema.Union([Schema.Struct({ secret }), Schema.Struct({ secret: Schema.String, n: Schema.Int })]),
      { secret: "SECRET", n: 1 },
      { secret: hidden, n: 1 },
    ],
    "an absent key": [Schema.Struct({ secret: Schema.optionalKey(secret) }), {}, {}],
    "a transformation": [secret.pipe(Schema.decodeTo(Schema.String)), "SECRET", hidden],
    "a class": [Holder, { secret: "SECRET" }, hidden],
    "a recursive one": [tree(secret), { label: "SECRET", children: [{ label: "SECRET", children: [] }] }, {
      label: hidden,
      children: [{ label: hidden, children: [] }],
    }],
    "nothing": [Schema.Struct({ n: Schema.Int }), { n: 1 }, { n: 1 }],
  }
  for (const [what, [schema, json, shown]] of Object.entries(cases)) {
    it(`keeps out ${what}`, () => assert.deepStrictEqual(masked(schema, json), shown))
  }
})
