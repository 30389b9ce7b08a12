/**
 * What a log may say about failed user code: the kind of failure and where it happened.
 *
 * Messages are left out on purpose: user code puts payload values into them.
 * @module
 */
import { Cause, Effect } from "effect"
import { Thrown } from "../schemas/Wire.ts"

export interface Description {
  readonly name: string
  /** Stack frames without the message, innermost first, at most ten. */
  readonly frames: ReadonlyArray<string>
}

/** What user code threw, from within what carries it: schemas throw an error of their own around it. */
const rootOf = (defect: unknown): unknown =>
  defect instanceof Thrown
    ? rootOf(defect.cause)
    : defect instanceof Error && Cause.isCause(defect.cause)
    ? Cause.squash(defect.cause)
    : defect

export const describe = (thrown: unknown): Description => {
  const defect = rootOf(thrown)
  if (!(defect instanceof Error)) return { name: `thrown ${defect === null ? "null" : typeof defect}`, frames: [] }
  const frames = String(defect.stack).split("\n").map((line) => line.trim()).filter((line) => line.startsWith("at "))
  return { name: String(defect.name), frames: frames.slice(0, 10) }
}

/** A line of the log for work that broke: its kind and place among the annotations. */
export const log = (
  what: string,
  defect: unknown,
  about: Readonly<Record<string, unknown>> = {},
): Effect.Effect<void> => {
  const { frames, name } = describe(defect)
  return Effect.logError(what).pipe(Effect.annotateLogs({ ...about, defect: name, frames }))
}

/** Logs show a defect's name alone, so the name says it all. */
export const named = (name: string): Error => Object.assign(new Error(name), { name })
