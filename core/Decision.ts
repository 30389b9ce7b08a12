/**
 * What `decide` answers: events, or a rejection of the command.
 * @module
 */
import { Result } from "effect"

export type Decision<E, R> = Result.Result<ReadonlyArray<E>, R>

/** Accepts with these events; with none it is an accepted no-op. */
export const accept = <E extends ReadonlyArray<{ readonly _tag: string }>>(...events: E): Result.Result<E> =>
  Result.succeed(events)

/** Refuses with a rejection that the command declares. */
export const reject: <R>(rejection: R) => Result.Result<never, R> = Result.fail
