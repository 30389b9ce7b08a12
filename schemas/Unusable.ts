/**
 * What is refused as a schema before anything is compared or validated with it.
 * @module
 */
import { Schema } from "effect"

/** This is no JSON Schema, or none that we take: mend what `rule` says at `pointer`, a JSON pointer into the schema. */
export class Unusable extends Schema.TaggedError<Unusable>()("Unusable", {
  pointer: Schema.String,
  rule: Schema.String,
}) {}
