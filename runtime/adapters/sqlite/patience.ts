/**
 * How long the small writers beside the event store wait for a file that others hold.
 * @module
 */
import { Effect, Schedule } from "effect"
import { type StoreOutcomeUnknown, StoreUnavailable } from "../../../core/EventStore.ts"

/** Half a second in all, and then it is refused. */
const patience = { times: 20, schedule: Schedule.spaced("20 millis") }

type Refusal = StoreUnavailable | StoreOutcomeUnknown

/** A write that is done again while the file is locked; where `repeats`, doing it twice is doing it once: also behind a
 * commit that was lost. Else that is `StoreUnavailable`, and it may have been done. */
export const patient = (repeats: boolean) => <A>(self: Effect.Effect<A, Refusal>): Effect.Effect<A, StoreUnavailable> =>
  self.pipe(
    Effect.retry({
      ...patience,
      while: ({ _tag, reason }) => _tag === "StoreOutcomeUnknown" ? repeats : reason === "locked",
    }),
    Effect.catchTag("StoreOutcomeUnknown", ({ cause, reason }) => Effect.fail(new StoreUnavailable({ reason, cause }))),
  )
