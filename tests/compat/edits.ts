/**
 * Edits of a schema as people make them, each at some place inside it: harmless ones, breaking ones, and in between.
 * @module
 */
import { type Draft, formats, type Json, names, patterns, type Schema, schema } from "./generate.ts"
import type { Random } from "./random.ts"

type Edit = readonly [name: string, apply: (at: Schema, r: Random, draft: Draft) => Schema | undefined]

const without = ({ [""]: _, ...at }: Schema, ...keys: ReadonlyArray<string>): Schema =>
  Object.fromEntries(Object.entries(at).filter(([key]) => !keys.includes(key)))
const propertiesOf = (at: Schema) => at["properties"] as { readonly [key: string]: Schema } | undefined
const listOf = (at: Schema, key: string): ReadonlyArray<Json> => Array.isArray(at[key]) ? at[key] : []
const nudge = (key: string): Edit => [key, (at, r) => {
  const value = at[key]
  if (typeof value === "number") {
    return r.chance(0.2)
      ? without(at, key)
      : { ...at, [key]: Math.max(key === "multipleOf" ? 1 : 0, value + r.pick([-1, 1, 2])) }
  }
  const fits = /Length/.test(key)
    ? "string"
    : /Items/.test(key)
    ? "array"
    : /Properties/.test(key)
    ? "object"
    : "integer"
  return at["type"] === fits ? { ...at, [key]: /^min/.test(key) ? r.below(3) : 4 + r.below(6) } : undefined
}]

const edits: ReadonlyArray<Edit> = [
  ...["minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"].map(nudge),
  ...["minItems", "maxItems", "minProperties", "maxProperties"].map(nudge),
  ["add property", (at, r, draft) => {
    const [own, key] = [propertiesOf(at), r.pick(names)]
    return own === undefined || own[key] !== undefined
      ? undefined
      : { ...at, properties: { ...own, [key]: schema(r, draft, 1) } }
  }],
  ["add required with default", (at, r) => {
    const [own, key] = [propertiesOf(at), r.pick(names)]
    if (own === undefined || own[key] !== undefined) return undefined
    const part = { type: "string", default: r.chance(0.85) ? "abc" : 5 }
    return { ...at, properties: { ...own, [key]: part }, required: [...listOf(at, "required"), key] }
  }],
  ["remove property", (at, r) => {
    const own = propertiesOf(at)
    if (own === undefined || Object.keys(own).length === 0) return undefined
    const key = r.pick(Object.keys(own))
    return { ...at, properties: without(own, key), required: listOf(at, "required").filter((name) => name !== key) }
  }],
  ["require", (at, r) => {
    const own = propertiesOf(at)
    return own === undefined
      ? undefined
      : { ...at, required: [...new Set([...listOf(at, "required"), r.pick([...Object.keys(own), "a"])])] }
  }],
  [
    "require less",
    (at) => listOf(at, "required").length > 0 ? { ...at, required: listOf(at, "required").slice(1) } : undefined,
  ],
  ["close", (at) => propertiesOf(at) === undefined ? undefined : { ...at, additionalProperties: false }],
  ["open", (at) => at["additionalProperties"] === undefined ? undefined : without(at, "additionalProperties")],
  [
    "type of rest",
    (at, r) => propertiesOf(at) === undefined ? undefined : { ...at, additionalProperties: schema(r, "07", 0) },
  ],
  [
    "add member",
    (at, r) =>
      listOf(at, "enum").length > 0
        ? { ...at, enum: [...new Set([...listOf(at, "enum"), r.pick(["new", "a", 7])])] }
        : undefined,
  ],
  ["drop member", (at) => listOf(at, "enum").length > 1 ? { ...at, enum: listOf(at, "enum").slice(1) } : undefined],
  ["drop enum", (at) => at["enum"] !== undefined ? without(at, "enum") : undefined],
  [
    "add enum",
    (at) => at["type"] === "string" && at["enum"] === undefined ? { ...at, enum: ["a", "ab", "abc"] } : undefined,
  ],
  [
    "other type",
    (at, r) =>
      at["type"] !== undefined && propertiesOf(at) === undefined
        ? { ...at, type: r.pick(["string", "integer", "number", "boolean"]) }
        : undefined,
  ],
  ["widen to number", (at) => at["type"] === "integer" ? { ...at, type: "number" } : undefined],
  ["narrow to integer", (at) => at["type"] === "number" ? { ...at, type: "integer" } : undefined],
  [
    "nullable list",
    (at) => typeof at["type"] === "string" && at["type"] !== "null" ? { ...at, type: [at["type"], "null"] } : undefined,
  ],
  ["nullable", (at) => at["$schema"] === undefined ? { anyOf: [at, { type: "null" }] } : undefined],
  ["drop branch", (at, r) => {
    const key = r.pick(["anyOf", "oneOf"])
    return listOf(at, key).length > 1 ? { ...at, [key]: listOf(at, key).slice(1) } : undefined
  }],
  ["add branch", (at, r, draft) => {
    const key = r.pick(["anyOf", "oneOf"])
    return listOf(at, key).length > 0 ? { ...at, [key]: [...listOf(at, key), schema(r, draft, 1)] } : undefined
  }],
  [
    "swap branches",
    (at) => listOf(at, "anyOf").length > 1 ? { ...at, anyOf: listOf(at, "anyOf").toReversed() } : undefined,
  ],
  [
    "one to any",
    (at) =>
      at["oneOf"] !== undefined && at["anyOf"] === undefined
        ? { ...without(at, "oneOf"), anyOf: at["oneOf"] }
        : undefined,
  ],
  [
    "any to one",
    (at) =>
      at["anyOf"] !== undefined && at["oneOf"] === undefined
        ? { ...without(at, "anyOf"), oneOf: at["anyOf"] }
        : undefined,
  ],
  [
    "pattern",
    (at, r) =>
      at["type"] === "string"
        ? (r.chance(0.5) ? without(at, "pattern") : { ...at, pattern: r.pick(patterns) })
        : undefined,
  ],
  [
    "format",
    (at, r) =>
      at["type"] === "string"
        ? (r.chance(0.5) ? without(at, "format") : { ...at, format: r.pick(formats) })
        : undefined,
  ],
  [
    "unique",
    (at) =>
      at["type"] === "array" && !Array.isArray(at["items"]) && at["prefixItems"] === undefined
        ? { ...at, uniqueItems: at["uniqueItems"] !== true }
        : undefined,
  ],
  [
    "items",
    (at, r, draft) =>
      at["items"] !== undefined && !Array.isArray(at["items"]) ? { ...at, items: schema(r, draft, 1) } : undefined,
  ],
  ["longer tuple", (at, r, draft) => {
    const key = draft === "07" ? "items" : "prefixItems"
    return listOf(at, key).length > 0 ? { ...at, [key]: [...listOf(at, key), schema(r, draft, 0)] } : undefined
  }],
  [
    "into allOf",
    (at) =>
      at["$schema"] === undefined && at["$ref"] === undefined && at["default"] === undefined
        ? { allOf: [at] }
        : undefined,
  ],
  ["describe", (at) => ({ ...at, description: "said anew" })],
]

/** Where edits may be made: each schema in the document, with the way to put another in its place. */
const places = (at: Json, put: (next: Json) => Json): ReadonlyArray<readonly [Schema, (next: Schema) => Json]> => {
  if (typeof at !== "object" || at === null) return []
  if (Array.isArray(at)) return at.flatMap((part, i) => places(part, (next) => put(at.with(i, next))))
  const here = at as Schema
  const inside = ["properties", "$defs", "patternProperties"].flatMap((key) =>
    Object.entries((here[key] ?? {}) as Schema).flatMap(([name, part]) =>
      places(part, (next) => put({ ...here, [key]: { ...here[key] as Schema, [name]: next } }))
    )
  )
  const direct = ["items", "prefixItems", "anyOf", "oneOf", "allOf", "additionalProperties", "then", "else"].flatMap((
    key,
  ) => here[key] === undefined ? [] : places(here[key], (next) => put({ ...here, [key]: next })))
  return [[here, put], ...inside, ...direct]
}

export const edit = (from: Schema, r: Random, draft: Draft): readonly [Schema, string] => {
  for (let tries = 0; tries < 30; tries++) {
    const [at, put] = r.pick(places(from, (next) => next))
    const [name, apply] = r.pick(edits)
    const next = apply(at, r, draft)
    if (next !== undefined) return [put(next) as Schema, name]
  }
  return [from, "nothing"]
}
