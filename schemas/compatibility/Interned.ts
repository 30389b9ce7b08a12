/**
 * Nodes by all that their meaning hangs on: draft, text, and the definitions referred to. Equal ones are one node.
 *
 * Revisions share nearly all of their parts, and so does what is known of a part: most is compared by reference.
 * @module
 */
import type { Node } from "./Node.ts"

/** Characters and what a node costs beside them; behind it all are forgotten, and read again when they come again. */
const heldMax = 4 * 1024 * 1024
const nodeCost = 1024

const nodes = new Map<string, Node>()
let held = 0

export const get = (key: string): Node | undefined => nodes.get(key)

/** `node` must never change again, nor anything that it was read from. */
export const add = (key: string, node: Node): void => {
  held += key.length + nodeCost
  if (held > heldMax) {
    nodes.clear()
    held = key.length + nodeCost
  }
  nodes.set(key, node)
}

const refs = /"\$ref":"((?:[^"\\]|\\.)*)"/g

/** Longer ones cost more than they save: every part of a document is asked for its own. */
const keyMax = 4_096

/** Nothing where the key is too long, or the meaning hangs on a reference that `definition` does not know. */
export const keyOf = (scope: string, text: string, definition: (ref: string) => string | undefined) => {
  if (text.length > keyMax) return undefined
  const seen = new Set<string>()
  const open = [text]
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    for (const [, ref = ""] of part.matchAll(refs)) {
      if (seen.has(ref)) continue
      seen.add(ref)
      const named = definition(ref)
      if (named === undefined || scope.length + named.length + text.length > keyMax) return undefined
      open.push(named)
      scope += `${ref}=${named} `
    }
  }
  return scope + text
}
