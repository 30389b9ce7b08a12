/**
 * What each keyword of a schema means to a node, as a table; a keyword in a wrong shape is refused with its place.
 * @module
 */
import { escape } from "../pointer.ts"
import { isArray, isObject, type Json, type JsonObject } from "./json.ts"
import { isListed } from "./listed.ts"
import * as Node from "./Node.ts"
import * as Pattern from "./pattern.ts"

export type Draft = "2020-12" | "07"

export interface Reading {
  readonly draft: Draft
  /** The schema around the keyword. */
  readonly json: JsonObject
  readonly at: string
  readonly refuse: (pointer: string, rule: string) => void
  readonly schema: (json: Json, at: string) => Node.Node
}

type Keyword = (node: Node.Node, value: Json, reading: Reading) => void

/** They look across schemas at what others have seen, or move references: nobody's contracts generate them. */
export const unsupported: ReadonlySet<string> = new Set([
  "unevaluatedProperties",
  "unevaluatedItems",
  "$dynamicRef",
  "$recursiveRef",
  "$vocabulary",
])

const number = (set: (node: Node.Node, value: number) => void): Keyword => (node, value, { at, refuse }) =>
  typeof value === "number" && Number.isFinite(value) ? set(node, value) : refuse(at, "Expected a number")
const count = (set: (node: Node.Node, value: number) => void): Keyword => (node, value, { at, refuse }) =>
  typeof value === "number" && Number.isInteger(value) && value >= 0
    ? set(node, value)
    : refuse(at, "Expected a whole number, 0 or more")
const one = (set: (node: Node.Node, value: Node.Node) => void): Keyword => (node, value, { at, schema }) =>
  set(node, schema(value, at))
const list =
  (set: (node: Node.Node, value: ReadonlyArray<Node.Node>) => void, least = 1): Keyword =>
  (node, value, { at, refuse, schema }) =>
    isArray(value) && value.length >= least
      ? set(node, value.map((part, i) => schema(part, `${at}/${i}`)))
      : refuse(at, "Expected a list of schemas")
const record =
  (set: (node: Node.Node, value: ReadonlyArray<readonly [string, Node.Node]>) => void): Keyword =>
  (node, value, { at, refuse, schema }) =>
    isObject(value)
      ? set(node, Object.entries(value).map(([key, part]) => [key, schema(part, `${at}/${escape(key)}`)]))
      : refuse(at, "Expected an object of schemas")

export const higher = (a: Node.Bound, b: Node.Bound): Node.Bound => b.at > a.at || (b.at === a.at && b.open) ? b : a
export const lower = (a: Node.Bound, b: Node.Bound): Node.Bound => b.at < a.at || (b.at === a.at && b.open) ? b : a

const names = (value: Json): value is ReadonlyArray<string> =>
  isArray(value) && value.every((name) => typeof name === "string")

const values = (node: Node.Node, allowed: ReadonlyArray<Json>): void => {
  node.values = node.values?.filter((value) => isListed(allowed, value)) ?? allowed
}

const pattern = (source: Json, { at, refuse }: Reading): Pattern.Pattern | undefined => {
  const made = typeof source === "string" ? Pattern.make(source) : undefined
  if (made === undefined) refuse(at, "Expected a regular expression without look-around and back references")
  return made
}

const contains = (node: Node.Node, part: Partial<Node.Contains>, { at, json, schema }: Reading): void => {
  if (json["contains"] === undefined) return
  const parent = at.slice(0, at.lastIndexOf("/"))
  const now = node.contains ?? { node: schema(json["contains"], `${parent}/contains`), min: 1, max: Infinity }
  node.contains = { ...now, ...part }
}

const condition: Keyword = (node, _, { at, json, schema }) => {
  const parent = at.slice(0, at.lastIndexOf("/"))
  const part = (key: string) => json[key] === undefined ? undefined : schema(json[key], `${parent}/${key}`)
  const when = part("if")
  if (when !== undefined) node.condition = { if: when, then: part("then"), else: part("else") }
}

const dependencies: Keyword = (node, value, { at, refuse, schema }) => {
  if (!isObject(value)) return refuse(at, "Expected an object")
  node.dependencies = [
    ...node.dependencies,
    ...Object.entries(value).map(([key, part]) =>
      names(part)
        ? { key, required: part, node: undefined }
        : { key, required: [], node: schema(part, `${at}/${escape(key)}`) }
    ),
  ]
}

export const keywords: { readonly [keyword: string]: Keyword } = {
  type: (node, value, { at, refuse }) => {
    const given = isArray(value) ? value : [value]
    const known = given.every((name) =>
      typeof name === "string" && (name === "integer" || Object.hasOwn(Node.Type, name))
    )
    if (!known || given.length === 0) return refuse(at, "Expected the name of a type or a list of them")
    node.integer = given.includes("integer") && !given.includes("number")
    node.types = given.reduce<number>((all, name) => all | Node.Type[name === "integer" ? "number" : name as "null"], 0)
  },
  enum: (node, value, { at, refuse }) => isArray(value) ? values(node, value) : refuse(at, "Expected a list"),
  const: (node, value) => values(node, [value]),
  minimum: number((node, at) => node.min = higher(node.min, { at, open: false })),
  exclusiveMinimum: number((node, at) => node.min = higher(node.min, { at, open: true })),
  maximum: number((node, at) => node.max = lower(node.max, { at, open: false })),
  exclusiveMaximum: number((node, at) => node.max = lower(node.max, { at, open: true })),
  multipleOf: (node, value, { at, refuse }) =>
    typeof value === "number" && value > 0 && Number.isFinite(value)
      ? node.multiples = [value]
      : refuse(at, "Expected a number above 0"),
  minLength: count((node, least) => node.minLength = least),
  maxLength: count((node, most) => node.maxLength = most),
  pattern: (node, value, reading) => node.pattern = pattern(value, reading),
  format: (node, value, { at, refuse }) =>
    typeof value === "string" ? node.format = value : refuse(at, "Expected a string"),
  prefixItems: (node, value, reading) => {
    if (reading.draft === "2020-12") list((node, parts) => node.prefix = parts)(node, value, reading)
  },
  items: (node, value, reading) =>
    reading.draft === "07" && isArray(value)
      ? list((node, parts) => node.prefix = parts, 0)(node, value, reading)
      : one((node, part) => node.rest = part)(node, value, reading),
  additionalItems: (node, value, reading) => {
    if (reading.draft === "07" && isArray(reading.json["items"])) {
      one((node, part) => node.rest = part)(node, value, reading)
    }
  },
  minItems: count((node, least) => node.minItems = least),
  maxItems: count((node, most) => node.maxItems = most),
  uniqueItems: (node, value, { at, refuse }) =>
    typeof value === "boolean" ? node.unique = value : refuse(at, "Expected true or false"),
  contains: (node, _, reading) => contains(node, {}, reading),
  minContains: (node, value, reading) => {
    if (reading.draft === "2020-12") count((node, min) => contains(node, { min }, reading))(node, value, reading)
  },
  maxContains: (node, value, reading) => {
    if (reading.draft === "2020-12") count((node, max) => contains(node, { max }, reading))(node, value, reading)
  },
  properties: record((node, parts) => node.properties = new Map(parts)),
  patternProperties: (node, value, reading) =>
    record((node, parts) =>
      node.patternProperties = parts.flatMap(([source, part]) => {
        const made = pattern(source, reading)
        return made === undefined ? [] : [[made, part]]
      })
    )(node, value, reading),
  additionalProperties: one((node, part) => node.additional = part),
  required: (node, value, { at, refuse }) =>
    names(value) ? node.required = value : refuse(at, "Expected a list of names"),
  minProperties: count((node, least) => node.minProperties = least),
  maxProperties: count((node, most) => node.maxProperties = most),
  propertyNames: one((node, part) => node.names = part),
  dependentRequired: dependencies,
  dependentSchemas: dependencies,
  dependencies,
  allOf: list((node, parts) => node.allOf = [...node.allOf, ...parts]),
  anyOf: list((node, parts) => node.anyOf = parts),
  oneOf: list((node, parts) => node.oneOf = parts),
  not: one((node, part) => node.not = part),
  if: condition,
  then: condition,
  else: condition,
  default: (node, value) => node.default = value,
}
