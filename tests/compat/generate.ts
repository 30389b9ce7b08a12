/**
 * Schemas of the kind that contracts generate and people write by hand, drawn by chance.
 * @module
 */
import type { Random } from "./random.ts"

export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }
export type Schema = { readonly [key: string]: Json }
export type Draft = "2020-12" | "07"

const uris: { readonly [D in Draft]: string } = {
  "2020-12": "https://json-schema.org/draft/2020-12/schema",
  "07": "http://json-schema.org/draft-07/schema#",
}

export const names = ["a", "b", "c", "kind", "x1", "x2", "note"]
export const patterns = ["^[a-z]+$", "^a", "[0-9]", "^[A-Z]{2,3}$", "^x", "b$", "^(ab|cd)*$"]
export const formats = ["date", "date-time", "uuid", "email", "ipv4", "uri"]
const scalars: ReadonlyArray<Json> = ["a", "b", "ab", "", 0, 1, 2, -1, 1.5, true, false, null]

const some = <A>(random: Random, items: ReadonlyArray<A>, least: number): ReadonlyArray<A> => {
  const kept = items.filter(() => random.chance(0.5))
  return kept.length >= least ? kept : items.slice(0, least)
}

const strings = (r: Random): Schema => ({
  type: "string",
  ...(r.chance(0.3) ? { minLength: r.below(4) } : {}),
  ...(r.chance(0.3) ? { maxLength: 3 + r.below(8) } : {}),
  ...(r.chance(0.12) ? { pattern: r.pick(patterns) } : {}),
  ...(r.chance(0.1) ? { format: r.pick(formats) } : {}),
})

const numbers = (r: Random): Schema => ({
  type: r.chance(0.6) ? "integer" : "number",
  ...(r.chance(0.35) ? { [r.chance(0.7) ? "minimum" : "exclusiveMinimum"]: r.below(8) - 4 } : {}),
  ...(r.chance(0.35) ? { [r.chance(0.7) ? "maximum" : "exclusiveMaximum"]: 4 + r.below(20) } : {}),
  ...(r.chance(0.12) ? { multipleOf: r.pick([1, 2, 3, 5, 0.5, 10]) } : {}),
})

const listed = (r: Random): Schema => {
  if (r.chance(0.25)) return { const: r.pick(scalars) }
  return r.chance(0.6)
    ? { type: "string", enum: some(r, ["GBP", "EUR", "USD", "a"], 1) }
    : { enum: some(r, scalars, 1) }
}

/** Without `contains`: Ajv 8.20 takes an empty array for it beside a tuple, and behind an array that was taken. */
const arrays = (r: Random, draft: Draft, depth: number): Schema => {
  const bounds = {
    ...(r.chance(0.25) ? { minItems: r.below(3) } : {}),
    ...(r.chance(0.25) ? { maxItems: 2 + r.below(4) } : {}),
    ...(r.chance(0.12) ? { uniqueItems: true } : {}),
  }
  if (r.chance(0.7)) return { type: "array", items: schema(r, draft, depth - 1), ...bounds }
  // Ajv 8.20 does not see that two items of a tuple are equal where the items behind them are numbers.
  const { uniqueItems: _, ...others } = bounds as Schema
  const items = Array.from({ length: 1 + r.below(2) }, () => schema(r, draft, depth - 1))
  const rest = r.chance(0.5) ? false : schema(r, draft, depth - 1)
  return draft === "07"
    ? { type: "array", items, additionalItems: rest, ...others }
    : { type: "array", prefixItems: items, items: rest, ...others }
}

const fitting: { readonly [type: string]: Json } = { string: "abc", integer: 5, number: 5, boolean: true }

const defaulted = (r: Random, part: Schema): Schema => {
  if (part["$ref"] !== undefined || !r.chance(0.12)) return part
  const fits = typeof part["type"] === "string" ? fitting[part["type"]] : undefined
  return { ...part, default: fits === undefined || r.chance(0.1) ? r.pick(scalars) : fits }
}

export const objects = (r: Random, draft: Draft, depth: number): Schema => {
  const keys = some(r, names, 1)
  const properties = Object.fromEntries(keys.map((key) => [key, defaulted(r, schema(r, draft, depth - 1))]))
  const dependent = draft === "07" ? "dependencies" : "dependentRequired"
  return {
    type: "object",
    properties,
    required: keys.filter(() => r.chance(0.6)),
    ...(r.chance(0.65) ? { additionalProperties: false } : {}),
    ...(r.chance(0.12) ? { additionalProperties: schema(r, draft, 0) } : {}),
    ...(r.chance(0.08) ? { patternProperties: { [r.pick(["^x", "e$", "^[a-z]$"])]: schema(r, draft, 0) } } : {}),
    ...(r.chance(0.04) ? { minProperties: 1 + r.below(2) } : {}),
    ...(r.chance(0.04) ? { maxProperties: 3 + r.below(4) } : {}),
    ...(r.chance(0.03) ? { propertyNames: { maxLength: 4 } } : {}),
    ...(r.chance(0.04) ? { [dependent]: { [r.pick(keys)]: [r.pick(keys)] } } : {}),
  }
}

/** What discriminated unions look like in contracts. */
const tagged = (r: Random, draft: Draft, depth: number): Schema => ({
  [r.chance(0.7) ? "anyOf" : "oneOf"]: some(r, ["A", "B", "C"], 2).map((tag) => ({
    type: "object",
    properties: { kind: { type: "string", enum: [tag] }, [tag.toLowerCase()]: schema(r, draft, depth - 1) },
    required: ["kind", tag.toLowerCase()],
    additionalProperties: false,
  })),
})

const combined = (r: Random, draft: Draft, depth: number): Schema => {
  const part = () => schema(r, draft, depth - 1)
  const kind = r.below(10)
  if (kind < 3) return { anyOf: [part(), { type: "null" }] }
  if (kind < 5) return { anyOf: [part(), part()] }
  if (kind === 5) return { oneOf: [part(), part()] }
  if (kind === 6) return { allOf: [part(), strings(r)] }
  if (kind === 7) return { ...objects(r, draft, depth), allOf: [objects(r, draft, depth - 1)] }
  if (kind === 8) return { ...strings(r), not: { enum: ["a", "abc"] } }
  return { if: { type: "string" }, then: strings(r), else: part() }
}

export const schema = (r: Random, draft: Draft, depth: number): Schema => {
  const kind = r.below(depth <= 0 ? 12 : 22)
  if (kind < 4) return strings(r)
  if (kind < 8) return numbers(r)
  if (kind === 8) return { type: "boolean" }
  if (kind === 9) {
    return r.chance(0.2) ? {} : { type: r.pick<Json>([["string", "null"], ["integer", "string"], "null"]) }
  }
  if (kind < 12) return listed(r)
  if (kind < 15) return arrays(r, draft, depth)
  if (kind < 19) return objects(r, draft, depth)
  if (kind === 19) return { $ref: r.chance(0.5) ? "#/$defs/Tree" : "#/$defs/Part" }
  return r.chance(0.5) ? tagged(r, draft, depth) : combined(r, draft, depth)
}

export const document = (draft: Draft, root: Schema, r: Random): Schema => ({
  $schema: uris[draft],
  ...root,
  $defs: {
    Tree: {
      type: "object",
      properties: { v: { type: "integer" }, kids: { type: "array", items: { $ref: "#/$defs/Tree" }, maxItems: 3 } },
      required: ["v", "kids"],
      additionalProperties: false,
    },
    Part: objects(r, draft, 1),
  },
})

/** Without the definitions that nothing outside of them uses: edits there would change nothing. */
export const pruned = ({ $defs, ...root }: Schema): Schema => {
  const definitions = Object.entries($defs as { readonly [name: string]: Schema })
  const names = (json: Json) => definitions.filter(([name]) => JSON.stringify(json).includes(`#/$defs/${name}`))
  const used = names([root, ...names(root).map(([, part]) => part)])
  return used.length === 0 ? root : { ...root, $defs: Object.fromEntries(used) }
}
