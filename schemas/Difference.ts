/**
 * What two schemas of one subject differ in, where it matters: each difference breaks a reader, and says how to mend it.
 * @module
 */
import { Schema } from "effect"

/** Which earlier revisions a new one must agree with, and in which direction; the others with all, not just the last. */
export const Mode = Schema.Literals([
  "NONE",
  "BACKWARD",
  "BACKWARD_TRANSITIVE",
  "FORWARD",
  "FORWARD_TRANSITIVE",
  "FULL",
  "FULL_TRANSITIVE",
])
export type Mode = typeof Mode.Type

export const Difference = Schema.Struct({
  /** `backward`: the new schema cannot read what the old one wrote; `forward`: the old one not what the new one writes. */
  direction: Schema.Literals(["backward", "forward"]),
  /** Where in a value, as a JSON pointer; `{any}` stands for any item or key: `/lines/{any}/quantity`. */
  pointer: Schema.String,
  /** The rule that is broken, in kebab case: `required-added`. */
  rule: Schema.String,
  /** What stood there, in JSON; absent where there was nothing. */
  old: Schema.optionalKey(Schema.Json),
  new: Schema.optionalKey(Schema.Json),
  /** The registered revisions that the new schema breaks with, ascending. */
  revisions: Schema.Array(Schema.Int),
  /** What to do, in a sentence. */
  repair: Schema.String,
  /** A value that one schema takes and the other refuses, where one was found. */
  counterexample: Schema.optionalKey(Schema.Json),
})
export type Difference = typeof Difference.Type
