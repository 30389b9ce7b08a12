/**
 * What becomes of one act on the model of a bus or a queue: tests and the simulation choose it, nothing else does.
 * @module
 */

export type Fate =
  | "done"
  /** Not done, and said so. */
  | "refused"
  /** Done, and said not to be. */
  | "lost"
  /** Done two times, said once. */
  | "twice"
  /** Said not to be done, and done when everybody has forgotten it: a zombie. A queue knows none: `lost`. */
  | "late"

/** Asked once for each record, event or message of a call, in order. */
export type Choose<Act extends string> = (act: Act) => Fate

export const always: Choose<string> = () => "done"
