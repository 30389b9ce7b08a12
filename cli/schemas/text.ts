/**
 * Findings about an application's lock as people read them: what, where, why, repair; differences below.
 * @module
 */
import type { Finding } from "../../core/LockCheck.ts"
import type { Difference } from "../../schemas/Difference.ts"
import { shown } from "../facts/files.ts"
import { bare, type Paint, value } from "../paint.ts"
import type { Project } from "./Project.ts"

export const differenceLines = (one: Difference, paint: Paint): ReadonlyArray<string> => [
  `    ${paint.strong(one.pointer === "" ? "(all)" : bare(one.pointer))} ${one.rule} ${
    paint.dim(`revision ${one.revisions.join(", ")}`)
  }`,
  ...("old" in one ? [`      ${paint.removed(`- ${value(one.old)}`)}`] : []),
  ...("new" in one ? [`      ${paint.added(`+ ${value(one.new)}`)}`] : []),
  ...("counterexample" in one ? [`      may be stored, and is refused now: ${value(one.counterexample)}`] : []),
  `      ${one.repair}`,
]

/** With `where`, from the folder of the application, for `--json`. */
export const told = ({ place }: Project, finding: Finding) => ({ ...finding, where: place(finding.about) ?? null })

export const findingText = ({ folder, place }: Project, finding: Finding, paint: Paint): string => {
  const mark = finding.severity === "broken" ? paint.removed("broken") : paint.changed("stale ")
  const at = place(finding.about)
  return [
    `${mark} ${paint.strong(finding.what)}${at === undefined ? "" : paint.dim(` (${shown(folder, at)})`)}`,
    `  why     ${finding.why}`,
    ...(finding.differences ?? []).flatMap((one) => differenceLines(one, paint)),
    `  repair  ${finding.repair}`,
  ].join("\n")
}

export const findingsText = (project: Project, findings: ReadonlyArray<Finding>, paint: Paint): string =>
  findings.map((finding) => findingText(project, finding, paint)).join("\n\n")

export const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`

export const summary = ({ app, locked }: Project): string =>
  `${plural(locked.revisions.length, "schema")} and the folds of ${
    plural(locked.folds.length, "aggregate")
  } of "${app.name}"`
