/**
 * Pairs of schemas as one follows the other: a schema and an edit of it.
 * @module
 */
import { edit } from "./edits.ts"
import { document, type Draft, objects, type Schema, schema } from "./generate.ts"
import type { Random } from "./random.ts"

export interface Pair {
  readonly draft: Draft
  readonly old: Schema
  readonly now: Schema
  /** What was edited, for the reader of a failure. */
  readonly edits: ReadonlyArray<string>
}

const rooted = (r: Random, draft: Draft): Schema => r.chance(0.75) ? objects(r, draft, 3) : schema(r, draft, 3)

export const pair = (r: Random): Pair => {
  const draft = r.chance(0.6) ? "2020-12" : "07"
  const old = document(draft, rooted(r, draft), r)
  if (r.chance(0.03)) return { draft, old, now: document(draft, rooted(r, draft), r), edits: ["another schema"] }
  let now = old
  const made: Array<string> = []
  for (let many = 1 + r.below(r.chance(0.3) ? 3 : 1); many > 0; many--) {
    const [next, name] = edit(now, r, draft)
    now = next
    made.push(name)
  }
  return { draft, old, now, edits: made }
}
