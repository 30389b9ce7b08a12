/**
 * What every schema registry must keep, as data; each law uses subjects of its own.
 *
 * `laws` are for all. `embeddedLaws` only a registry with one writer at a time can keep: elsewhere the list is read, the
 * schema compared with it and then sent, and a rival may come between. Schemas of `laws` are draft-07, which every
 * registry keeps as it is; one that knows nothing else converts what is 2020-12.
 * @module
 */
import { Effect, Layer } from "effect"
import { freshTenant, holds, type Law, same } from "./laws/fixtures.ts"
import { refusals } from "./laws/refusedSchemas.ts"
import {
  absent,
  draft07,
  first,
  growing,
  hashOf,
  law,
  numbers,
  object,
  refusal,
  text,
  unchanged,
  whole,
} from "./laws/schemas.ts"
import { defaults } from "./Limits.ts"
import { type JsonSchema, type Revision, SchemaRegistry, type Shape } from "./SchemaRegistry.ts"

export const laws: ReadonlyArray<Law<SchemaRegistry>> = [
  law("register() gives revisions from 1, each with its schema and hash, found by number and as latest", function* (
    registry,
    subject,
  ) {
    const schemas = [first, growing(1), growing(2)]
    for (const [i, schema] of schemas.entries()) {
      const revision = yield* registry.register(subject(), schema)
      const wanted: Revision = { subject: subject(), revision: i + 1, schema, hash: hashOf(schema) }
      yield* same(revision, wanted, "the answer")
      yield* same(yield* registry.get(subject(), "latest"), wanted, "latest")
      yield* same(yield* registry.get(subject(), i + 1), wanted, "by number")
    }
    const all = yield* registry.revisions(subject())
    yield* same(all.map(({ schema }) => schema), schemas, "all")
    yield* same(numbers(all), [1, 2, 3], "their numbers")
  }),

  law("register() of a schema that is registered gives its revision and adds none, however it is spelt", function* (
    registry,
    subject,
  ) {
    yield* registry.register(subject(), first)
    yield* registry.register(subject(), growing(1))
    const turned = Object.fromEntries(Object.entries(first).reverse()) as JsonSchema
    for (const again of [first, turned]) {
      yield* same((yield* registry.register(subject(), again)).revision, 1, "an older one")
    }
    yield* same((yield* registry.register(subject(), growing(1))).revision, 2, "the newest")
    yield* same(numbers(yield* registry.revisions(subject())), [1, 2], "revisions")
    yield* same((yield* registry.check(subject(), turned)).same, 1, "what a check says")
  }),

  law("register() refuses what breaks with history, says every difference, and registers nothing", function* (
    registry,
    subject,
  ) {
    const old = object({ a: text!, b: { enum: ["x", "y"] }, "c?": { type: "integer", maximum: 10 } })
    yield* registry.register(subject(), old)
    const broken = object({ a: whole!, b: { enum: ["x"] }, "c?": { type: "integer", maximum: 5 }, d: text! })
    const { differences, mode } = yield* registry.check(subject(), broken)
    const wanted = ["/a", "/b", "/c", "/d"]
    yield* same([...new Set(differences.map(({ pointer }) => pointer))].sort(), wanted, "places, of a check")
    yield* same(mode, "BACKWARD_TRANSITIVE", "the mode")
    const error = yield* refusal(registry.register(subject(), broken), "IncompatibleSchema", "a breaking change")
    yield* same(error.differences, differences, "what a registration says beside a check")
    yield* same([error.subject, error.mode], [subject(), mode], "of what")
    for (const { repair, revisions, rule } of differences) {
      yield* holds(repair.length > 10 && /^[a-z][a-z-]+$/.test(rule), `no repair or rule: ${rule}, ${repair}`)
      yield* same(revisions, [1], "revisions")
    }
    yield* unchanged(registry, subject(), [old])
  }),

  law("register() checks against all revisions, not just the newest", function* (registry, subject) {
    // The field was an optional number, then went (its readers never minded), and comes back as text.
    const [number, gone, back] = [
      object({ a: text!, "b?": whole! }),
      { ...object({ a: text! }), additionalProperties: true },
      { ...object({ a: text!, "b?": text! }), additionalProperties: true },
    ]
    yield* registry.register(subject(), number)
    yield* registry.register(subject(), gone)
    const error = yield* refusal(registry.register(subject(), back), "IncompatibleSchema", "another type")
    yield* holds(error.differences.some(({ pointer, revisions }) => pointer === "/b" && revisions.includes(1)), "no /b")
    yield* unchanged(registry, subject(), [number, gone])
  }),

  law("setMode() decides which changes are taken", function* (registry, subject) {
    yield* refusal(registry.setMode(subject(), "NONE"), "SchemaNotRegistered", "the mode of nothing")
    yield* registry.register(subject(), first)
    const [wider, other] = [growing(1), object({ b: whole! })]
    const modes = [
      ["BACKWARD", true, false],
      ["BACKWARD_TRANSITIVE", true, false],
      ["FORWARD", false, false],
      ["FORWARD_TRANSITIVE", false, false],
      ["FULL", false, false],
      ["FULL_TRANSITIVE", false, false],
      ["NONE", true, true],
    ] as const
    for (const [mode, takesWider, takesOther] of modes) {
      yield* registry.setMode(subject(), mode)
      for (const [schema, takes] of [[wider, takesWider], [other, takesOther]] as const) {
        const report = yield* registry.check(subject(), schema)
        yield* same([report.mode, report.differences.length === 0], [mode, takes], mode)
      }
    }
    yield* registry.register(subject(), other)
    yield* registry.setMode(subject(), "BACKWARD")
    yield* registry.register(subject(), object({ b: whole!, "c?": text! }))
    yield* registry.setMode(subject(), "BACKWARD_TRANSITIVE")
    const late = object({ b: whole!, "c?": text!, "d?": text! })
    yield* refusal(registry.register(subject(), late), "IncompatibleSchema", "against the first revision")
    yield* same((yield* registry.check(subject(2), other)).mode, "BACKWARD_TRANSITIVE", "the mode of another subject")
  }),

  law("check() writes nothing, and a subject without revisions takes any schema", function* (registry, subject) {
    for (const schema of [first, object({ z: { type: "null" } })]) {
      const report = yield* registry.check(subject(), schema)
      yield* same(report, { mode: "BACKWARD_TRANSITIVE", differences: [] }, "a first schema")
    }
    yield* absent(registry, subject())
  }),

  law("subjects() pages through all in order of their code units", function* (registry, subject) {
    const wanted = [10, 2, 1, 3, 9, 11, 20].map(subject)
    for (const one of wanted) yield* registry.register(one, first)
    wanted.sort()
    const before = wanted[0]!.slice(0, -1)
    const seen: Array<string> = []
    for (let after = before;;) {
      const page = yield* registry.subjects(after, 3)
      yield* holds(page.length <= 3, "a page is longer than asked for")
      yield* same([...page].sort(), page, "the order of a page")
      yield* holds(page.every((one) => one > after), "a page holds what was before it")
      seen.push(...page.filter((one) => one.startsWith(before)))
      if (page.length < 3 || !page.at(-1)!.startsWith(before)) break
      after = page.at(-1)!
    }
    yield* same(seen, wanted, "all pages")
    yield* holds((yield* registry.subjects(undefined, 1)).length === 1, "the first page is empty")
    yield* same(yield* registry.subjects("~", 9), [], "behind all")
  }),

  law("subjects do not mix", function* (registry, subject) {
    yield* registry.register(subject(1), first)
    yield* registry.register(subject(2), object({ b: whole! }))
    yield* registry.setMode(subject(1), "NONE")
    yield* registry.register(subject(1), object({ c: whole! }))
    yield* same(numbers(yield* registry.revisions(subject(1))), [1, 2], "of the first")
    yield* same(numbers(yield* registry.revisions(subject(2))), [1], "of the second")
    yield* refusal(registry.register(subject(2), object({ c: whole! })), "IncompatibleSchema", "its own mode")
  }),
  ...refusals,
]

const rivals = 16

/** For those that know draft-07 alone, beside `laws`. */
export const draft07Laws: ReadonlyArray<Law<SchemaRegistry>> = [
  law("register() keeps a schema of 2020-12 in draft-07, and finds it by either", function* (registry, subject) {
    const newer = "https://json-schema.org/draft/2020-12/schema"
    const tuple = { type: "array", prefixItems: [{ type: "string" }, { type: "integer" }], items: false } as const
    const { revision, schema } = yield* registry.register(subject(), object({ a: tuple }, newer))
    yield* same([revision, schema["$schema"]], [1, draft07], "what is kept")
    yield* same((yield* registry.register(subject(), schema)).revision, 1, "what was kept")
    yield* same((yield* registry.register(subject(), object({ a: tuple }, newer))).revision, 1, "what was sent")
  }),
]

/** What needs one writer at a time; see the head of this file. */
export const embeddedLaws: ReadonlyArray<Law<SchemaRegistry>> = [
  law("register() gives each of 16 rivals a revision of its own, without a gap", function* (registry, subject) {
    const each = Array.from({ length: rivals }, (_, i) => object({ a: text!, [`n${i}?`]: whole! }))
    // An open beginning, so that whatever order they come in, each agrees with all.
    yield* registry.register(subject(), first)
    yield* registry.setMode(subject(), "NONE")
    const got = yield* Effect.all(each.map((schema) => registry.register(subject(), schema)), {
      concurrency: "unbounded",
    })
    const wanted = Array.from({ length: rivals }, (_, i) => i + 2)
    yield* same(numbers(got).sort((a, b) => a - b), wanted, "the numbers they got")
    const all = yield* registry.revisions(subject())
    yield* same(numbers(all), [1, ...wanted], "the numbers there are")
    for (const { revision, schema } of got) yield* same(all[revision - 1]?.schema, schema, `revision ${revision}`)
  }),

  law("register() gives 16 rivals with one schema one revision", function* (registry, subject) {
    const got = yield* Effect.all(Array.from({ length: rivals }, () => registry.register(subject(), first)), {
      concurrency: "unbounded",
    })
    yield* same(numbers(got), Array(rivals).fill(1), "the numbers they got")
    yield* same(numbers(yield* registry.revisions(subject())), [1], "the numbers there are")
  }),

  law("register() takes one of 16 rivals that break with each other", function* (registry, subject) {
    const results = yield* Effect.all(
      Array.from(
        { length: rivals },
        (_, i) => Effect.result(registry.register(subject(), object({ [`n${i}`]: text! }))),
      ),
      { concurrency: "unbounded" },
    )
    const won = results.filter(({ _tag }) => _tag === "Success").length
    yield* same(won, 1, "rivals that won")
    yield* same(numbers(yield* registry.revisions(subject())), [1], "the numbers there are")
  }),

  law("register() keeps either dialect as it came", function* (registry, subject) {
    const newer = "https://json-schema.org/draft/2020-12/schema"
    const tuple = object({ a: { type: "array", prefixItems: [text!, whole!], items: false } }, newer)
    for (const [i, schema] of [tuple, object({ a: text! }, newer), first].entries()) {
      const { hash } = yield* registry.register(subject(i + 1), schema)
      yield* same(hash, hashOf(schema), "the hash")
      yield* same((yield* registry.get(subject(i + 1), 1)).schema, schema, "the schema")
    }
  }),

  law("a subject takes as many revisions as the limit says", function* (registry, subject) {
    yield* registry.register(subject(), first)
    yield* registry.setMode(subject(), "NONE")
    for (let i = 1; i < defaults.revisions; i++) yield* registry.register(subject(), object({ [`n${i}`]: text! }))
    const more = object({ more: text! })
    yield* refusal(registry.register(subject(), more), "SchemaInvalid", "one more")
    yield* refusal(registry.check(subject(), more), "SchemaInvalid", "a check of one more")
    yield* same((yield* registry.register(subject(), first)).revision, 1, "one that is there")
    yield* same((yield* registry.revisions(subject())).length, defaults.revisions, "revisions")
  }),
]

/** The laws of data that outlives its registry; each build of `open` opens the same data. */
export const reopened = <E>(open: Layer.Layer<SchemaRegistry, E>): ReadonlyArray<Law<never>> => {
  const half = <A, E2>(body: (registry: Shape) => Effect.Effect<A, E2>) =>
    Effect.flatMap(Effect.service(SchemaRegistry), body).pipe(Effect.provide(Layer.fresh(open)))
  return [{
    name: "revisions and modes outlive the registry that took them",
    law: Effect.gen(function* () {
      const aggregate = `L${(yield* freshTenant).replaceAll(/[^a-z0-9]/g, "")}`
      const subject = `${aggregate}.Happened.v1`
      yield* half((registry) =>
        Effect.all([registry.register(subject, first), registry.setMode(subject, "FULL_TRANSITIVE")])
      )
      const report = yield* half((registry) => registry.check(subject, growing(1)))
      yield* same([report.mode, report.differences.length > 0], ["FULL_TRANSITIVE", true], "the mode")
      yield* half((registry) => registry.setMode(subject, "NONE"))
      yield* half((registry) => registry.register(subject, growing(1)))
      const all = yield* half((registry) => registry.revisions(subject))
      yield* same(all.map(({ schema }) => schema), [first, growing(1)], "schemas")
      yield* same((yield* half((registry) => registry.register(subject, first))).revision, 1, "a repeat")
    }),
  }]
}
