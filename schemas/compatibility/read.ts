/**
 * Reads a JSON Schema document (draft 2020-12 or draft-07) into nodes, or says where it is none that we take.
 *
 * Unknown keywords are annotations; those that would change what other keywords mean, or need evaluation across
 * schemas, are refused instead of being read half.
 * @module
 */
import { Result } from "effect"
import { Unusable } from "../Unusable.ts"
import * as Interned from "./Interned.ts"
import { type Draft, keywords, type Reading, unsupported } from "./keywords.ts"
import { escape, unescape } from "../pointer.ts"
import { has, isArray, isObject, type Json, type JsonSchema } from "./json.ts"
import * as Node from "./Node.ts"

const bytesMax = 256 * 1024
const depthMax = 32

const drafts: { readonly [uri: string]: Draft } = {
  "https://json-schema.org/draft/2020-12/schema": "2020-12",
  "http://json-schema.org/draft-07/schema": "07",
  "https://json-schema.org/draft-07/schema": "07",
}

const depthOf = (json: Json, limit: number): number => {
  if (limit === 0 || typeof json !== "object" || json === null) return 0
  let most = 0
  for (const part of Object.values(json)) most = Math.max(most, depthOf(part, limit - 1))
  return 1 + most
}

/** A character has at most three bytes. */
const isTooLong = (text: string): boolean =>
  text.length > bytesMax || (3 * text.length > bytesMax && new TextEncoder().encode(text).length > bytesMax)

/** What a fragment names: `#`, `#/a/json/pointer`, or an anchor. */
const target = (document: Json, anchors: ReadonlyMap<string, Json>, fragment: string): Json | undefined => {
  if (fragment === "") return document
  if (!fragment.startsWith("/")) return anchors.get(fragment)
  const decoded = Result.try(() => decodeURIComponent(fragment))
  let here: Json | undefined = document
  for (const token of (Result.isSuccess(decoded) ? decoded.success : fragment).slice(1).split("/").map(unescape)) {
    if (isArray(here)) here = /^(0|[1-9]\d*)$/.test(token) ? here[Number(token)] : undefined
    else here = isObject(here) && has(here, token) ? here[token] : undefined
  }
  return here
}

const anchorsOf = (json: Json, into: Map<string, Json> = new Map()): Map<string, Json> => {
  if (typeof json !== "object" || json === null) return into
  if (isObject(json)) {
    if (typeof json["$anchor"] === "string") into.set(json["$anchor"], json)
    if (typeof json["$id"] === "string" && json["$id"].startsWith("#")) into.set(json["$id"].slice(1), json)
  }
  for (const part of Object.values(json)) anchorsOf(part, into)
  return into
}

/** Annotations that may stand beside `$ref` in draft-07, where everything else there would be ignored. */
const besideRef = new Set([
  "$ref",
  "$comment",
  "$schema",
  "$id",
  "title",
  "description",
  "default",
  "examples",
  "definitions",
  "$defs",
])

const named = /^#\/(?:\$defs|definitions)\/[\w.-]+$/

/** One reading of one document: what it has found so far, by the JSON that it was found in. */
const reader = (document: JsonSchema, draft: Draft) => {
  const nodes = new Map<Json, Node.Node>()
  /** To be shared once the whole document is found to be right: one may stand in another that is still being read. */
  const complete = new Map<string, Node.Node>()
  const problems: Array<Unusable> = []
  const root = typeof document["$id"] === "string" ? document["$id"].replace(/#$/, "") : ""
  let anchors: ReadonlyMap<string, Json> | undefined
  const refuse = (pointer: string, rule: string) => {
    if (problems.length === 0) problems.push(new Unusable({ pointer, rule }))
  }

  const reference = (ref: Json, at: string): Node.Node | undefined => {
    if (typeof ref !== "string") return void refuse(at, "Expected $ref to be a string")
    const [base = "", fragment = ""] = ref.split("#")
    if (base !== "" && base !== root) {
      return void refuse(at, "Expected a $ref into this document: others are not fetched")
    }
    const found = target(document, anchors ??= anchorsOf(document), fragment)
    if (found === undefined) return void refuse(at, "Expected $ref to name a part of this document")
    return schema(found, at)
  }

  const texts = new Map<string, string | undefined>()
  /** Of what stands in `$defs` or `definitions` of the document. */
  const definition = (ref: string): string | undefined => {
    if (texts.has(ref)) return texts.get(ref)
    const found = named.test(ref) ? target(document, new Map(), ref.slice(1)) : undefined
    const text = found === undefined ? undefined : JSON.stringify(found)
    texts.set(ref, text)
    return text
  }

  const schema = (json: Json, at: string): Node.Node => {
    const known = typeof json === "object" ? nodes.get(json) : undefined
    if (known !== undefined) return known
    const key = Interned.keyOf(`${draft} `, JSON.stringify(json), definition)
    const shared = key === undefined ? undefined : complete.get(key) ?? Interned.get(key)
    if (shared !== undefined) return shared
    const node = Node.make(json)
    if (json === false) node.types = 0
    else if (isObject(json)) {
      nodes.set(json, node)
      read(json, node, at)
    } else if (json !== true) refuse(at, "Expected a schema: an object or a boolean")
    if (key !== undefined) complete.set(key, node)
    return node
  }

  const read = (json: JsonSchema, node: Node.Node, at: string): void => {
    const reading: Reading = { draft, json, at, refuse, schema }
    for (const key of Object.keys(json)) {
      const here = `${at}/${escape(key)}`
      if (unsupported.has(key)) refuse(here, `Expected a schema without ${key}, which is not supported`)
      if (key === "$id" && json !== document && !String(json[key]).startsWith("#")) {
        refuse(here, "Expected no $id inside a schema: it would change what references mean")
      }
      if (draft === "07" && has(json, "$ref") && !besideRef.has(key)) {
        refuse(here, "Expected nothing beside $ref, where draft-07 ignores it: use allOf")
      }
      const value = json[key]!
      if (key === "$ref") {
        const named = reference(value, here)
        if (named !== undefined) node.allOf = [...node.allOf, named]
      } else if (key === "$defs" || key === "definitions") {
        if (!isObject(value)) refuse(here, `Expected ${key} to be an object`)
        else for (const [name, part] of Object.entries(value)) schema(part, `${here}/${escape(name)}`)
      } else if (Object.hasOwn(keywords, key)) keywords[key]!(node, value, { ...reading, at: here })
    }
  }
  return { schema, problems, nodes, complete, refuse }
}

/** A schema that stands in itself without a property or an item between describes nothing. */
const turnsInPlace = (from: Node.Node): boolean => {
  const inPlace = (node: Node.Node): ReadonlyArray<Node.Node> =>
    [
      ...node.allOf,
      ...node.anyOf ?? [],
      ...node.oneOf ?? [],
      ...(node.not === undefined ? [] : [node.not]),
      ...(node.condition === undefined ? [] : [node.condition.if, node.condition.then, node.condition.else]),
      ...node.dependencies.map(({ node }) => node),
    ].filter((part): part is Node.Node => part !== undefined)
  const open = [...inPlace(from)]
  const seen = new Set<Node.Node>()
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === from) return true
    if (!seen.has(node)) open.push(...inPlace(node))
    seen.add(node)
  }
  return false
}

const fresh = (given: JsonSchema): Result.Result<Node.Node, Unusable> => {
  const uri = given["$schema"]
  const draft = uri === undefined ? "2020-12" : typeof uri === "string" ? drafts[uri.replace(/#$/, "")] : undefined
  const refused = (pointer: string, rule: string) => Result.fail(new Unusable({ pointer, rule }))
  if (draft === undefined) return refused("/$schema", "Expected draft 2020-12 or draft-07")
  if (depthOf(given, depthMax + 1) > depthMax) return refused("", `Expected at most ${depthMax} levels`)
  const text = JSON.stringify(given)
  if (isTooLong(text)) return refused("", `Expected at most ${bytesMax} bytes`)
  const whole = `whole ${text}`
  const known = Interned.get(whole)
  if (known !== undefined) return Result.succeed(known)
  // A copy, for the caller's may change, and nodes are shared.
  const document: JsonSchema = JSON.parse(text)
  const { complete, nodes, problems, refuse, schema } = reader(document, draft)
  const node = schema(document, "")
  if (problems.length === 0 && [...nodes.values()].some(turnsInPlace)) {
    refuse("", "Expected no $ref that leads back to itself without a property or an item between")
  }
  if (problems.length > 0) return Result.fail(problems[0]!)
  for (const [key, part] of complete) if (part !== node) Interned.add(key, part)
  Interned.add(whole, node)
  return Result.succeed(node)
}

/** Documents are not changed once they are registered, so that what was read stays true. */
const readings = new WeakMap<JsonSchema, Result.Result<Node.Node, Unusable>>()

/** Reads a document once: the same object again is a look-up. */
export const read = (document: JsonSchema): Result.Result<Node.Node, Unusable> => {
  const known = readings.get(document)
  if (known !== undefined) return known
  const result = isObject(document)
    ? fresh(document)
    : Result.fail(new Unusable({ pointer: "", rule: "Expected an object" }))
  if (isObject(document)) readings.set(document, result)
  return result
}
