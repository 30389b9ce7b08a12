/**
 * All invariants of a run; the numbers are those of the list of promises.
 * @module
 */
import type { Run, Violation } from "../run.ts"
import { deadlines, restarts, snapshots, tenants } from "./bounds.ts"
import * as Facts from "./Facts.ts"
import { registered, valid } from "./governed.ts"
import { apart, policies } from "./policies.ts"
import { linear } from "./linear.ts"
import { live } from "./live.ts"
import { log } from "./log.ts"
import { outcomes } from "./outcomes.ts"
import { limiter, past } from "./past.ts"

/** What each number stands for. */
export const invariants: Readonly<Record<number, string>> = {
  1: "no acknowledged command is lost",
  2: "one immutable event a version",
  3: "versions are contiguous",
  4: "a stale writer is fenced",
  5: "the same id gives the same bytes",
  6: "unknown is never called failed",
  7: "every stream is linearizable, rejections, no-ops and reads too",
  8: "neither marks nor checkpoints are ahead of what was done, and no mark falls",
  9: "the core events of a stream come onto the bus in order, each naming the one before it; a repeat is the same bytes",
  10: "whoever wants an event is told of it, subscribers and consumers, in order and without a gap",
  12: "snapshot and tail are the full replay",
  13: "questions after the past and frames are limited exactly, over processes and restarts",
  14: "tenants see nothing of each other",
  15: "an invalid event is neither stored nor sent on, an old one stays readable",
  16: "mailboxes, restarts and groups are bounded",
  17: "every command is answered in its deadline, and what is stuck is a dead letter that can be done again",
  18: "the same seed gives the same trace",
  19: "recorded time never falls in a stream, and a past state is the fold of the events until then",
  20: "what policies or registry do not allow is not done, and what is known goes on without them",
}

/** What a run did wrong; a run that broke off is checked as far as it came. */
export const check = (run: Run): ReadonlyArray<Violation> => {
  if (!run.complete) return run.seen
  const facts = Facts.make(run)
  return [log, outcomes, linear, deadlines, tenants, restarts, snapshots, limiter, past].flatMap((one) => one(facts))
    .concat(live(run), valid(run), registered(run), policies(run), apart(run), run.seen)
}
