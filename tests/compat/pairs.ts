/**
 * Pairs of schemas as one follows the other: a schema and an edit of it.
 * @module
 */
import { edit } from "./edits.ts"
import { document, type Draft, objects, pruned, type Schema, schema } from "./generate.ts"
import type { Random } from "./random.ts"

export interface Pair {
  readonly draft: Draft
  readonly old: Schema
  readonly now: Schema
  /** What was edited, for the reader of a failure. */
  readonly edits: ReadonlyArray<string>
}

const rooted = (r: Random, draft: Draft): Schema => r.chance(0.75) ? objects(r, draft, 3) : schema(r, draft, 3)

export const pair = (r: Random, only?: Draft): Pair => {
  const draft = only ?? (r.chance(0.6) ? "2020-12" : "07")
  const whole = document(draft, rooted(r, draft), r)
  const old = pruned(whole)
  if (r.chance(0.03)) {
    return { draft, old, now: pruned(document(draft, rooted(r, draft), r)), edits: ["another schema"] }
  }
  const made: Array<string> = []
  let now = old
  for (let many = 1 + r.below(r.chance(0.3) ? 3 : 1); many > 0; many--) {
    const [next, name] = edit(now, r, draft)
    now = next
    made.push(name)
  }
  // An edit may use a definition that was not needed before.
  const definitions = { ...whole["$defs"] as Schema, ...now["$defs"] as Schema | undefined }
  return { draft, old, now: pruned({ ...now, $defs: definitions }), edits: made }
}
