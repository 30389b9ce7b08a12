/**
 * Fills the defaults of a schema into a value, as a reader does: absent properties alone, and not inside unions.
 * @module
 */
import { has, isArray, isObject, type Json, type JsonObject } from "./json.ts"
import * as Node from "./Node.ts"

const fillObject = (node: Node.Node, value: JsonObject): Json => {
  let filled: Record<string, Json> | undefined
  const set = (key: string, member: Json) => (filled ??= { ...value })[key] = member
  for (const [key, part] of node.properties) {
    if (!has(value, key) && part.default !== undefined) set(key, part.default)
  }
  for (const [key, member] of Object.entries(filled ?? value)) {
    const after = Node.ofProperty(node, key).reduce((now, part) => fill(part, now), member)
    if (after !== member) set(key, after)
  }
  return filled ?? value
}

/** The same value where nothing is absent that has a default. */
export const fill = (node: Node.Node, value: Json): Json => {
  const inner = node.allOf.reduce((now, part) => fill(part, now), value)
  if (isObject(inner)) return fillObject(node, inner)
  if (!isArray(inner)) return inner
  let changed = false
  const items = inner.map((item, i) => {
    const part = Node.ofItem(node, i)
    const after = part === undefined ? item : fill(part, item)
    if (after !== item) changed = true
    return after
  })
  return changed ? items : inner
}
