/**
 * The commands of a workflow, so that tests can run what it would.
 * @module
 */

/** The `run` lines of a job, in order. */
export const runsOf = (workflow: string, job: string): ReadonlyArray<string> => {
  const [, body = ""] = workflow.split(new RegExp(`^  ${job}:\n`, "m"))
  const [own = ""] = body.split(/^ {2}\S/m)
  return [...own.matchAll(/^ {6}- run: (.+)$/gm)].map(([, line]) => line!)
}
