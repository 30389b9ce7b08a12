/**
 * What laws of schema registries are written with: small schemas, subjects of their own, and a way to expect a refusal.
 * @module
 */
import { Effect } from "effect"
import { canonical, digest } from "../Fingerprint.ts"
import { type JsonSchema, type Revision, SchemaRegistry, type Shape } from "../SchemaRegistry.ts"
import { freshTenant, type Law, LawBroken, same } from "./fixtures.ts"

export const draft07 = "http://json-schema.org/draft-07/schema#"

/** A closed object; names with a question mark may be absent. */
export const object = (properties: { readonly [name: string]: JsonSchema }, dialect = draft07): JsonSchema => {
  const plain = (name: string) => name.replace("?", "")
  return {
    $schema: dialect,
    type: "object",
    properties: Object.fromEntries(Object.entries(properties).map(([name, schema]) => [plain(name), schema])),
    required: Object.keys(properties).filter((name) => !name.endsWith("?")).sort(),
    additionalProperties: false,
  }
}
export const [text, whole]: ReadonlyArray<JsonSchema> = [{ type: "string" }, { type: "integer" }]
export const first = object({ a: text! })
/** Each can read what those before it have written, yet not the other way round. */
export const growing = (count: number) =>
  object({ a: text!, ...Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}?`, whole!])) })

export const law = (
  name: string,
  body: (registry: Shape, subject: (n?: number) => string) => Generator<Effect.Effect<unknown, unknown>, void, never>,
): Law<SchemaRegistry> => ({
  name,
  law: Effect.gen(function* () {
    const registry = yield* SchemaRegistry
    const aggregate = `L${(yield* freshTenant).replaceAll(/[^a-z0-9]/g, "")}`
    yield* Effect.gen(() => body(registry, (n = 1) => `${aggregate}.Happened.v${n}`))
  }),
})

export const hashOf = (schema: JsonSchema): string => digest(canonical(schema))
export const numbers = (revisions: ReadonlyArray<Revision>) => revisions.map(({ revision }) => revision)

/** The error of that tag with which a call fails. */
export const refusal = <A, E extends { readonly _tag: string }, T extends E["_tag"]>(
  call: Effect.Effect<A, E>,
  tag: T,
  what: string,
): Effect.Effect<Extract<E, { readonly _tag: T }>, LawBroken> =>
  Effect.matchEffect(call, {
    onSuccess: () => Effect.fail(new LawBroken({ message: `${what}: it succeeded, wanted ${tag}` })),
    onFailure: (error) =>
      error._tag === tag
        ? Effect.succeed(error as Extract<E, { readonly _tag: T }>)
        : Effect.fail(new LawBroken({ message: `${what}: ${error._tag}, wanted ${tag}` })),
  })

/** Keeps that refusals leave nothing behind. */
export const unchanged = Effect.fnUntraced(
  function* (registry: Shape, subject: string, expected: ReadonlyArray<JsonSchema>) {
    const kept = (yield* registry.revisions(subject)).map(({ schema }) => schema)
    yield* same(kept, expected, "what is registered behind a refusal")
  },
)

export const absent = Effect.fnUntraced(function* (registry: Shape, subject: string) {
  yield* refusal(registry.revisions(subject), "SchemaNotRegistered", `revisions of ${subject.slice(0, 40)}`)
  yield* refusal(registry.get(subject, "latest"), "SchemaNotRegistered", `latest of ${subject.slice(0, 40)}`)
  yield* refusal(registry.get(subject, 1), "SchemaNotRegistered", `revision 1 of ${subject.slice(0, 40)}`)
})
