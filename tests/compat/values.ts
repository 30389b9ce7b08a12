/**
 * Values that a schema may take, drawn from its text alone and knowing nothing of the engine; the oracle keeps what fits.
 *
 * Edges are drawn on purpose: bounds and their neighbours, absent optional members, excess members, every listed value.
 * @module
 */
import type { Json, Schema } from "./generate.ts"
import type { Random } from "./random.ts"

const texts = ["", "a", "ab", "abc", "abcd", "Z", "AB", "1", "a1", "x", "cdab", "héé", "😀", "a b", "b", "GBP", "new"]
const byFormat: { readonly [format: string]: ReadonlyArray<string> } = {
  date: ["2024-02-29", "2023-02-29"],
  "date-time": ["2024-02-29T10:20:30Z", "2024-02-29T10:20:30.5+01:00", "2024-02-29"],
  uuid: ["7f3c9a1e-2b4d-4c6e-8f10-a1b2c3d4e5f6"],
  email: ["a@example.org", "a@b"],
  ipv4: ["192.0.2.1", "192.0.2.256"],
  uri: ["https://example.org/a", "example"],
}
const members = ["a", "b", "c", "kind", "x1", "x2", "note", "other", "x9", "me"]
const loose: ReadonlyArray<Json> = [null, true, false, 0, 1, -1, 2.5, 7, "", "a", "abc", [], ["a"], {}, { a: 1 }]

const isSchema = (json: Json | undefined): json is Schema =>
  typeof json === "object" && json !== null && !Array.isArray(json)
const numberOf = (at: Schema, key: string): number | undefined => typeof at[key] === "number" ? at[key] : undefined

const number = (at: Schema, r: Random): number => {
  const ends = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"].flatMap((key) => numberOf(at, key) ?? [])
  const step = numberOf(at, "multipleOf") ?? 1
  const base = r.pick([...ends, ...ends, 0, 1, 5, 100, -7, 9_007_199_254_740_991])
  const moved = base + r.pick([0, 0, 0, 1, -1, step, -step, 2 * step])
  return at["type"] === "integer" || r.chance(0.7)
    ? (r.chance(0.4) ? Math.round(moved / step) * step : moved)
    : moved + 0.5
}

const string = (at: Schema, r: Random): string => {
  if (typeof at["format"] === "string" && r.chance(0.8)) return r.pick(byFormat[at["format"]] ?? texts)
  const ends = [numberOf(at, "minLength"), numberOf(at, "maxLength")].flatMap((end) => end ?? [])
  if (ends.length > 0 && r.chance(0.6)) {
    return r.pick(["a", "b", "X", "1", "é"]).repeat(Math.max(0, r.pick(ends) + r.pick([0, 0, 1, -1])))
  }
  return r.pick(texts)
}

export const drawer = (document: Schema) => {
  const resolve = (ref: string): Json =>
    ref.split("/").slice(1).reduce<Json>((at, key) => (at as Schema)[key]!, document)

  const array = (at: Schema, r: Random, depth: number): Json => {
    const prefix = Array.isArray(at["prefixItems"]) ? at["prefixItems"] : Array.isArray(at["items"]) ? at["items"] : []
    const rest = Array.isArray(at["items"]) ? at["additionalItems"] : at["items"]
    const least = numberOf(at, "minItems") ?? 0
    const most = Math.min(numberOf(at, "maxItems") ?? 6, 8)
    const open = rest === false ? prefix.length : Math.max(prefix.length, r.below(4))
    const length = depth <= 0 ? least : r.pick([least, most, open, open])
    return Array.from({ length }, (_, i) => draw(prefix[i] ?? rest ?? true, r, depth - 1))
  }

  const object = (at: Schema, r: Random, depth: number): Json => {
    const properties = isSchema(at["properties"]) ? at["properties"] : {}
    const required = Array.isArray(at["required"]) ? at["required"] : []
    const eager = r.next()
    const made: Record<string, Json> = {}
    for (const key of new Set([...required as ReadonlyArray<string>, ...Object.keys(properties)])) {
      if (!required.includes(key) && (depth <= 0 || !r.chance(eager))) continue
      made[key] = draw(properties[key] ?? true, r, depth - 1)
    }
    const rest = at["additionalProperties"]
    if ((rest !== false && r.chance(0.4)) || isSchema(at["patternProperties"])) {
      for (let many = r.below(3); many > 0; many--) {
        const key = r.pick(members)
        const byPattern = Object.values(isSchema(at["patternProperties"]) ? at["patternProperties"] : {})
        made[key] ??= draw(r.pick([rest ?? true, ...byPattern]), r, depth - 1)
      }
    }
    return made
  }

  const typed = (at: Schema, type: Json | undefined, r: Random, depth: number): Json => {
    if (type === "string") return string(at, r)
    if (type === "integer" || type === "number") return number(at, r)
    if (type === "boolean") return r.chance(0.5)
    if (type === "null") return null
    if (type === "array") return array(at, r, depth)
    return type === "object" ? object(at, r, depth) : r.pick(loose)
  }

  const merged = (values: ReadonlyArray<Json>): Json =>
    values.every(isSchema) ? Object.assign({}, ...values) as Json : values.at(-1)!

  const draw = (at: Json, r: Random, depth: number): Json => {
    if (!isSchema(at)) return r.pick(loose)
    if (typeof at["$ref"] === "string") return draw(resolve(at["$ref"]), r, depth - 1)
    if (at["const"] !== undefined) return at["const"]
    if (Array.isArray(at["enum"]) && at["enum"].length > 0) return r.pick(at["enum"])
    const parts = [at["anyOf"], at["oneOf"], at["allOf"]].flatMap((list) => Array.isArray(list) ? list : [])
    const choice = [at["then"], at["else"]].flatMap((part) => part ?? [])
    const own = at["type"] === undefined
      ? []
      : [typed(at, Array.isArray(at["type"]) ? r.pick(at["type"]) : at["type"], r, depth)]
    if (Array.isArray(at["allOf"])) {
      return merged([...own, ...at["allOf"].map((part) => draw(part, r, depth))].toReversed())
    }
    if (parts.length + choice.length > 0) return merged([...own, draw(r.pick([...parts, ...choice]), r, depth)])
    return own[0] ??
      (at["properties"] === undefined ? typed(at, r.pick(["string", "number", "x"]), r, depth) : object(at, r, depth))
  }

  return (r: Random): Json => draw(document, r, 5)
}
