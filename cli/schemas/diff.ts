/**
 * `nexus schemas diff`: what changed against the lock, place by place in the schemas, and whether stored events still fit.
 * @module
 */
import { Effect } from "effect"
import { changes } from "../../runtime/changes.ts"
import { changeLine, colored, plain } from "../paint.ts"
import { application, type Verb } from "../Verb.ts"
import { open } from "./Project.ts"
import { findingText, told } from "./text.ts"

export const diff: Verb = {
  name: "schemas diff",
  help: "Show what changed in events and folds since they were locked",
  options: { ...application },
  run: Effect.fnUntraced(function* (input) {
    const project = yield* open(input)
    const { declared, findings, locked } = project
    const paint = input.color ? colored : plain
    const all = findings.map((finding) => {
      const now = declared.find(({ subject }) => subject === finding.about)
      const before = locked.revisions.filter(({ subject }) => subject === finding.about)
        .toSorted((a, b) => b.revision - a.revision)[0]
      const compared = now !== undefined && before !== undefined && finding.kind.startsWith("event-")
      return { finding, changes: compared ? changes(before.schema, now.schema) : [], revision: before?.revision }
    })
    const text = all.map(({ changes, finding, revision }) =>
      [
        findingText(project, finding, paint),
        ...(changes.length === 0 ? [] : [paint.dim(`  since revision ${revision}:`)]),
        ...changes.map((one) => `    ${changeLine(one, paint)}`),
      ].join("\n")
    ).join("\n\n")
    yield* input.print(text === "" ? "no difference" : text, {
      findings: all.map(({ changes, finding }) => ({ ...told(project, finding), changes })),
    })
    return 0
  }),
}
