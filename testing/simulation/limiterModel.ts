/**
 * The limiter of temporal queries as the processes see it: the real one behind faults, every verdict written down at the
 * moment it is given, with the clock of the process that asked.
 * @module
 */
import { Effect } from "effect"
import { StoreUnavailable } from "../../core/EventStore.ts"
import { type Client, keyOf, QueryLimiter, type Shape, type Verdict } from "../../core/QueryLimiter.ts"
import type { Faults } from "./Faults.ts"
import type { Process } from "./Process.ts"
import { call } from "./storeModel.ts"
import type { World } from "./World.ts"

/** What the limiter said, whoever heard it. */
export interface Ruling {
  readonly who: string
  readonly client: Client
  /** The clock of the process, in milliseconds since 1970. */
  readonly at: number
  readonly verdict: Verdict
}

export const make = (
  world: World,
  process: Process,
  base: Shape,
  faults: Faults,
  rulings: Array<Ruling>,
): Shape => {
  const who = process.name
  const unavailable = new StoreUnavailable({ reason: "refused" })
  return QueryLimiter.of({
    admit: Effect.fnUntraced(function* (client) {
      if (faults.strikes("limit-refused", who)) return yield* unavailable
      const verdict = yield* call(process, base.admit(client), (exit) => {
        if (exit._tag === "Failure") return world.note(who, "the limiter failed")
        rulings.push({ who, client, at: process.wallMs(), verdict: exit.value })
        world.note(who, `${keyOf(client)} ${exit.value._tag}`)
      })
      if (faults.strikes("limit-lost", who)) return yield* unavailable
      return verdict
    }),
  })
}
