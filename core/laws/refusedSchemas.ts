/**
 * Laws of schema registries about what they refuse: what is no schema, no subject, or not there.
 * @module
 */
import { Effect } from "effect"
import { defaults, Limits } from "../Limits.ts"
import type { JsonSchema, SchemaRegistry } from "../SchemaRegistry.ts"
import { holds, type Law, same } from "./fixtures.ts"
import { absent, draft07, first, hashOf, law, object, refusal, text, unchanged } from "./schemas.ts"

const nested = (depth: number): JsonSchema => {
  let schema: JsonSchema = text!
  for (let i = 0; i < depth; i++) schema = { type: "array", items: schema }
  return { $schema: draft07, ...schema }
}

export const refusals: ReadonlyArray<Law<SchemaRegistry>> = [
  law("register() and check() refuse what is no schema, or none that we take, and register nothing", function* (
    registry,
    subject,
  ) {
    const closed = (properties: { readonly [name: string]: JsonSchema }) => object({ a: text!, ...properties })
    const bad: { readonly [why: string]: JsonSchema } = {
      "a type that there is not": closed({ "b?": { type: "word" } }),
      "a type that is a number": closed({ "b?": { type: 7 } }),
      "properties that are a list": { $schema: draft07, type: "object", properties: [] },
      "a remote reference": closed({ "b?": { $ref: "https://example.com/schema.json" } }),
      "a reference into a file": closed({ "b?": { $ref: "file:///etc/passwd" } }),
      "a pattern that does not compile": closed({ "b?": { type: "string", pattern: "(" } }),
      "a pattern that needs to go back": closed({ "b?": { type: "string", pattern: "^(a+)\\1$" } }),
      "too deep": nested(40),
      "far too deep": nested(20_000),
      "too large": closed({ "b?": { description: "x".repeat(defaults.schemaBytes) } }),
    }
    for (const [why, schema] of Object.entries(bad)) {
      const error = yield* refusal(registry.register(subject(), schema), "SchemaInvalid", why)
      yield* holds(/^(\/|$)/.test(error.pointer) && error.rule.length > 5, `${why}: ${error.pointer} ${error.rule}`)
      yield* refusal(registry.check(subject(), schema), "SchemaInvalid", `a check of ${why}`)
    }
    yield* absent(registry, subject())
    yield* registry.register(subject(), first)
    yield* refusal(registry.register(subject(), bad["a remote reference"]!), "SchemaInvalid", "behind a first one")
    yield* unchanged(registry, subject(), [first])
  }),

  law("register() takes what is just within the bounds", function* (registry, subject) {
    const { schemaBytes } = yield* Effect.service(Limits)
    const large = object({ a: { type: "string", description: "x".repeat(schemaBytes - 1_024) } })
    yield* registry.register(subject(), large)
    yield* holds((yield* registry.get(subject(), 1)).hash === hashOf(large), "a large schema was changed")
    yield* registry.register(subject(2), nested(12))
  }),

  law("a text that is no subject holds nothing and takes nothing", function* (registry, subject) {
    const [aggregate] = subject().split(".")
    const hostile = [
      ...["", ".", "..", "/", "../../etc/passwd", "%2e%2e", "'; DROP TABLE schemas; --", "a b", "ä.Ö.v1", "\0"],
      ...[`${aggregate}.Happened`, `${aggregate}.Happened.v0`, `${aggregate}.Happened.v01`, `${aggregate}.happened.v1`],
      ...[
        `${aggregate}.Happened.v1 `,
        `${aggregate}.Happened.v1/versions`,
        `${aggregate}.Happened.v1?x`,
        `.${subject()}`,
      ],
      ...["x".repeat(10_000), `${aggregate}.${"H".repeat(65)}.v1`, "__proto__", "constructor", "latest"],
    ]
    yield* registry.register(subject(), first)
    for (const text of hostile) {
      yield* refusal(registry.register(text, first), "SchemaInvalid", `registering ${text.slice(0, 40)}`)
      yield* refusal(registry.check(text, first), "SchemaInvalid", `checking ${text.slice(0, 40)}`)
      yield* refusal(registry.setMode(text, "NONE"), "SchemaNotRegistered", `the mode of ${text.slice(0, 40)}`)
      yield* absent(registry, text)
    }
    yield* unchanged(registry, subject(), [first])
  }),

  law("get() finds no revision that is not there", function* (registry, subject) {
    yield* absent(registry, subject())
    yield* registry.register(subject(), first)
    for (const revision of [0, -1, 2, 1.5, NaN, Infinity, 2 ** 53, 2 ** 31]) {
      const error = yield* refusal(registry.get(subject(), revision), "SchemaNotRegistered", `revision ${revision}`)
      yield* same(error.subject, subject(), "the subject of the error")
    }
    yield* absent(registry, subject(2))
  }),
]
