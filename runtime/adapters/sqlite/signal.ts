/**
 * Tells who waits that something was written: at once in this process, by looking now and then for others.
 * @module
 */
import { Effect } from "effect"
import * as Waiters from "../../../core/Waiters.ts"
import type { Connection } from "./connection.ts"
import type { Session } from "./session.ts"

export interface Signal {
  readonly wake: () => void
  /** Until something was written, maybe something else; at most so long. */
  readonly wait: (ms: number) => Effect.Effect<void>
}

/** Other processes are looked for every `pollMs`: that reads a number in shared memory, and no page. */
export const make = (connection: Connection, pollMs: number): Signal => {
  const waiting: Waiters.Waiters = new Set()
  const versionOf = ({ statements }: Session) =>
    (statements.dataVersion.get() as { readonly data_version: number }).data_version
  let seen = -1
  // A file that cannot be looked at is as one that nobody has written to.
  const version = Effect.catch(connection.read(versionOf), () => Effect.succeed(seen))

  return {
    wake: () => Waiters.wake(waiting),
    wait: Effect.fnUntraced(function* (ms) {
      // Others of this process wait here, too: what one of them has seen since is news to all.
      const before = seen
      for (let left = ms; left > 0; left -= pollMs) {
        const told = yield* Effect.timeoutOption(Waiters.woken(waiting), Math.min(left, pollMs))
        if (told._tag === "Some") return
        seen = yield* version
        if (seen !== before) return
      }
    }),
  }
}
