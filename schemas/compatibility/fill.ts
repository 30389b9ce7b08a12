/**
 * The defaults that a reader fills in, as Ajv does: for absent members, before the members are looked at, not in unions.
 * @module
 */
import { has, type Json, type JsonObject } from "./json.ts"
import type * as Node from "./Node.ts"

/** What is filled in where the member is absent, by name: those of the node and of what it is combined with. */
export const defaultsOf = (
  node: Node.Node,
  into: Map<string, Json> = new Map(),
  seen: Set<Node.Node> = new Set(),
): ReadonlyMap<string, Json> => {
  if (seen.has(node)) return into
  seen.add(node)
  for (const part of node.allOf) defaultsOf(part, into, seen)
  for (const [key, part] of node.properties) if (part.default !== undefined) into.set(key, part.default)
  return into
}

/** The same value where nothing is absent that has a default. */
export const fill = (node: Node.Node, value: JsonObject): JsonObject => {
  const absent = [...defaultsOf(node)].filter(([key]) => !has(value, key))
  return absent.length === 0 ? value : { ...value, ...Object.fromEntries(absent) }
}
