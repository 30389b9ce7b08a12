/**
 * Nodes of schemas that mean what they say wherever they stand, by their text: equal ones are one node in all documents.
 *
 * Revisions share nearly all of their parts, and so does what is known of a part: most is compared by reference.
 * @module
 */
import type { Node } from "./Node.ts"

/** What means more than it says (references, defaults, identifiers) or something else in each draft. */
const deeper = /"(?:\$ref|\$id|default|prefixItems|additionalItems|minContains|maxContains|dependen\w+)"|"items":\[/

/** Characters and what a node costs beside them; behind it all are forgotten, and read again when they come again. */
const heldMax = 4 * 1024 * 1024
const nodeCost = 1024

const nodes = new Map<string, Node>()
let held = 0

export const get = (text: string): Node | undefined => nodes.get(text)

/** `node` must never change again, nor anything that it was read from. */
export const add = (text: string, node: Node): void => {
  if (deeper.test(text)) return
  held += text.length + nodeCost
  if (held > heldMax) {
    nodes.clear()
    held = text.length + nodeCost
  }
  nodes.set(text, node)
}
