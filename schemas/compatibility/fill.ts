/**
 * The defaults that a reader fills in, as Ajv does: for absent members, before the members are looked at, not in unions.
 * @module
 */
import { has, type Json, type JsonObject } from "./json.ts"
import type * as Node from "./Node.ts"
import { ofProperty } from "./Node.ts"

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

const inside = (node: Node.Node): ReadonlyArray<Node.Node> => [
  ...node.allOf,
  ...node.prefix,
  ...(node.rest === undefined ? [] : [node.rest]),
  ...node.properties.values(),
  ...node.patternProperties.map(([, part]) => part),
  ...(node.additional === undefined ? [] : [node.additional]),
]

/** Whether anything is filled in below: then what a reader compares as a whole is not what was written. */
export const fillsInside = (node: Node.Node, seen: Set<Node.Node> = new Set()): boolean => {
  if (seen.has(node)) return false
  seen.add(node)
  return [...node.properties.values()].some((part) => part.default !== undefined) ||
    inside(node).some((part) => fillsInside(part, seen))
}

/** Whether two parts of one node look at a member in which one of them fills something in: their order would matter. */
export const fillsTwice = (nodes: ReadonlyArray<Node.Node>): boolean =>
  nodes.length > 1 &&
  nodes.some((node) =>
    [...node.properties].some(([key, part]) =>
      fillsInside(part) && nodes.some((other) => other !== node && ofProperty(other, key).length > 0)
    )
  )

/** The same value where nothing is absent that has a default. */
export const fill = (node: Node.Node, value: JsonObject): JsonObject => {
  const absent = [...defaultsOf(node)].filter(([key]) => !has(value, key))
  return absent.length === 0 ? value : { ...value, ...Object.fromEntries(absent) }
}
