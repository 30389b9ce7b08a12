/**
 * What is wrong with a value, said by place and rule alone.
 *
 * No issue ever carries the value itself: issues appear in problems, logs and dead letters, values must not.
 * @module
 */
import { Schema, SchemaIssue } from "effect"
import { pointerOf } from "./pointer.ts"

/** `pointer` is a JSON pointer (RFC 6901), `rule` a sentence such as "Expected a value greater than 0". */
export const Issue = Schema.Struct({ pointer: Schema.String, rule: Schema.String })
export type Issue = typeof Issue.Type

/** For people; whoever reads on has the issues themselves. */
export const textOf = (issues: ReadonlyArray<Issue>): string =>
  issues.map(({ pointer, rule }) => `${pointer} ${rule}`).join("; ")

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** At most this many issues are said of one value; a reader mends the first few and asks again. */
const issuesMax = 20

/** Flattens a schema failure; duplicates (the members of a union) are said once. */
export const fromSchemaError = (error: Schema.SchemaError): ReadonlyArray<Issue> => fromIssue(error.issue)

/** What is wrong with the argument of a schema's `make`, which throws an Error whose cause is the issue. */
export const fromMakeFailure = (error: unknown): ReadonlyArray<Issue> => {
  const cause = error instanceof Error ? error.cause : undefined
  return SchemaIssue.isIssue(cause) ? fromIssue(cause) : [{ pointer: "", rule: "Expected a valid value" }]
}

const fromIssue = (issue: SchemaIssue.Issue): ReadonlyArray<Issue> => {
  const seen = new Map<string, Issue>()
  for (const { path, message } of format(issue).issues) {
    if (seen.size === issuesMax) break
    const pointer = pointerOf((path ?? []) as ReadonlyArray<PropertyKey>)
    seen.set(`${pointer} ${message}`, { pointer, rule: message })
  }
  return [...seen.values()]
}
