/**
 * Looks over the shoulder of user code: which time a command was decided at, and how often an actor's code failed.
 *
 * Handlers are wrapped, never changed, and a host cannot tell the difference.
 * @module
 */
import { DateTime } from "effect"
import type * as Aggregate from "../../core/Aggregate.ts"
import * as App from "../../core/App.ts"

/** What was seen in the current run; a new tape is put in before each. */
export interface Tape {
  /** `now` of every decision by tenant, aggregate and command id. */
  readonly times: Map<string, Set<number>>
  /** Whether that command ever failed in user code. */
  readonly defects: Map<string, number>
}

export const emptyTape = (): Tape => ({ times: new Map(), defects: new Map() })
export const keyOf = (tenant: string, aggregate: string, commandId: string): string =>
  `${tenant}/${aggregate}/${commandId}`

/** The application with its `decide` watched; `tape` gives the tape of the run under way. */
export const observe = (app: App.App, tape: () => Tape): App.App =>
  App.make(app.name, {
    aggregates: Object.values(app.aggregates).map((aggregate) => ({
      ...aggregate,
      decide: Object.fromEntries(
        Object.entries(aggregate.decide).map(([tag, decide]) => [
          tag,
          watched(aggregate.contract.aggregate, decide, tape),
        ]),
      ),
    })),
  })

type Decide = Aggregate.Any["decide"][string]

const watched = (aggregate: string, decide: Decide, tape: () => Tape): Decide => (state, command, context) => {
  const { times, defects } = tape()
  const key = keyOf(context.principal.tenant, aggregate, context.commandId)
  const seen = times.get(key) ?? new Set()
  times.set(key, seen.add(DateTime.toEpochMillis(context.now)))
  try {
    return decide(state, command, context)
  } catch (error) {
    defects.set(key, (defects.get(key) ?? 0) + 1)
    throw error
  }
}
