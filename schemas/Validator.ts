/**
 * Validates values by a JSON Schema (draft 2020-12 or draft-07) where no contract is at hand; generates no code.
 *
 * Formats are asserted. Nothing of the value ever stands in an issue.
 * @module
 */
import { Result } from "effect"
import { accepts, explain } from "./compatibility/accepts.ts"
import type { Json, JsonSchema } from "./compatibility/json.ts"
import { read } from "./compatibility/read.ts"
import type * as Issue from "./Issue.ts"
import type { Unusable } from "./Unusable.ts"
import { escape } from "./pointer.ts"

/** Empty where the value fits; otherwise at most the first 20 issues. The value must be parsed JSON. */
export type Validator = (value: unknown) => ReadonlyArray<Issue.Issue>

const issuesMax = 20
const fits: ReadonlyArray<Issue.Issue> = []

/** Reads the schema once for as long as the same object is given; refused schemas say where and why. */
export const make = (schema: JsonSchema): Result.Result<Validator, Unusable> =>
  Result.map(read(schema), (node) => (value) => {
    if (accepts(node, value as Json)) return fits
    const issues: Array<Issue.Issue> = []
    explain(node, value as Json, (path, rule) => {
      if (issues.length < issuesMax) {
        issues.push({ pointer: path.map((key) => `/${escape(String(key))}`).join(""), rule })
      }
    })
    return issues
  })
