/**
 * A schema of draft 2020-12 in draft-07, which is what AWS Glue takes: the same values fit, or there is no such schema.
 * @module
 */
import { JsonSchema, Result, Schema } from "effect"
import type { Standalone } from "./JsonSchemas.ts"

/** Draft-07 has no words for a part of it; `rule` names the keyword. */
export class NoDraft07 extends Schema.TaggedError<NoDraft07>()("NoDraft07", { rule: Schema.String }) {}

const dialect = "http://json-schema.org/draft-07/schema#"

/** Definitions move to `definitions`, tuples to `items`, and what stands beside a `$ref` into `allOf`. */
export const make = (schema: Standalone): Result.Result<Standalone, NoDraft07> =>
  Result.try({
    try: () => {
      const { $schema: _, ...source } = schema
      const document = JsonSchema.toDocumentDraft07(JsonSchema.fromSchemaDraft2020_12(source))
      return {
        $schema: dialect,
        ...document.schema,
        ...(Object.keys(document.definitions).length > 0 ? { definitions: document.definitions } : {}),
      } as Standalone
    },
    catch: (error) => new NoDraft07({ rule: (error as Error).message }),
  })
