/**
 * Given these events, when this command, then these events or this rejection: a fold, not a framework.
 *
 * Plain synchronous code that throws on a mismatch, so it runs under any test runner. Time is virtual: it is what
 * `context.now` says (1970 unless given), and nothing else tells `decide` the time.
 * @module
 */
import { DateTime, Equal, Result } from "effect"
import * as Aggregate from "../core/Aggregate.ts"
import * as Ids from "../core/Ids.ts"
import type * as Contract from "../schemas/Contract.ts"
import * as Wire from "../schemas/Wire.ts"
import { diff, show } from "./diff.ts"

export interface Outcome<E, R, S> {
  /** Accepted with exactly these events, in order; `then()` means an accepted no-op. */
  readonly then: (...events: ReadonlyArray<E>) => Outcome<E, R, S>
  /** Refused with exactly this rejection. */
  readonly rejects: (rejection: R) => Outcome<E, R, S>
  /** The state behind the command; a rejection leaves it as it was. */
  readonly state: (expected: S) => Outcome<E, R, S>
}

export interface Given<C extends Contract.Any, S> {
  /** Events that happened before, in order; called again, it adds. */
  readonly given: (...events: ReadonlyArray<Contract.EventOf<C>>) => Given<C, S>
  readonly when: <const I extends { readonly _tag: string }>(
    command: I & Contract.CommandOf<C>,
    context?: Partial<Aggregate.CommandContext>,
  ) => Outcome<Contract.EventOf<C>, Contract.RejectionOn<C, I>, S>
}

/** A mismatch between what was expected of an aggregate and what it did. */
export class SpecMismatch extends Error {
  override readonly name = "SpecMismatch"
}

/** The context of a command where a test gives none; ids are fresh within the command and the same on every run. */
export const contextOf = (
  aggregate: string,
  some: Partial<Aggregate.CommandContext> = {},
): Aggregate.CommandContext => {
  const principal = some.principal ?? { tenant: "tenant", subject: "tester", scopes: ["commands:*", "read"] }
  const commandId = some.commandId ?? "c-1"
  let calls = 0
  const nextId = () => Ids.ofCommand({ tenant: principal.tenant, aggregate, id: "spec" }, commandId, calls++)
  return { now: DateTime.makeUnsafe(0), nextId, ...some, principal, commandId }
}

/** Specifies an aggregate: `spec(Order).given(placed).when(new Cancel({})).then(new Cancelled({})).state({ ... })`. */
export const spec = <C extends Contract.Any, S>(
  self: Aggregate.Aggregate<C, S>,
  history: ReadonlyArray<Contract.EventOf<C>> = [],
): Given<C, S> => ({
  given: (...events) => spec(self, [...history, ...events]),
  when: (command, context) => {
    const { contract } = self
    const before = Aggregate.fold(self, history)
    const decided = Aggregate.decide(self, before, command, contextOf(contract.aggregate, context)) as Result.Result<
      ReadonlyArray<Contract.EventOf<C>>,
      Tagged
    >
    const said = (what: string, expected: unknown, actual: unknown) =>
      `${contract.aggregate}.${command._tag} ${what} (- expected, + actual)\n${diff(expected, actual)}`
    const outcome: Outcome<Contract.EventOf<C>, Tagged, S> = {
      then: (...events) => {
        if (Result.isFailure(decided)) throw new SpecMismatch(said("was rejected", events, visible(decided.failure)))
        if (!Equal.equals(plainOf(decided.success), plainOf(events))) {
          throw new SpecMismatch(said("made other events", events, decided.success))
        }
        decided.success.forEach((event) => encoded(contract, event))
        return outcome
      },
      rejects: (rejection) => {
        if (Result.isSuccess(decided)) throw new SpecMismatch(said("was accepted", visible(rejection), decided.success))
        if (!Equal.equals(visible(decided.failure), visible(rejection))) {
          throw new SpecMismatch(said("was rejected otherwise", visible(rejection), visible(decided.failure)))
        }
        return outcome
      },
      state: (expected) => {
        const after = Result.isFailure(decided) ? before : Aggregate.fold(self, decided.success, before)
        if (!Equal.equals(after, expected)) throw new SpecMismatch(said("left another state", expected, after))
        return outcome
      },
    }
    return outcome as never
  },
})

type Tagged = { readonly _tag: string }

/** Own members alone: a rejection is an Error too, and its stack is no part of what the caller is told. */
const visible = (rejection: Tagged): Record<string, unknown> => {
  const fields = (rejection.constructor as { readonly fields?: object }).fields ?? {}
  const members = Object.keys(fields).map((key) => [key, (rejection as unknown as Record<string, unknown>)[key]])
  return { ...Object.fromEntries(members.filter(([, value]) => value !== undefined)), _tag: rejection._tag }
}

/** A field that holds `undefined` is an absent one: it would vanish in the store. */
const plainOf = (events: ReadonlyArray<Tagged>): ReadonlyArray<unknown> =>
  events.map((event) => Object.fromEntries(Object.entries(event).filter(([, value]) => value !== undefined)))

/** As a store keeps it. A raw literal passes the compiler where its schema would refuse it; the host would answer `event-invalid`. */
export const encoded = (contract: Contract.Any, event: Tagged): Wire.Stored => {
  const encoded = Wire.encodeEvent(contract.events[event._tag]!, event)
  if (Result.isSuccess(encoded)) return encoded.success
  throw new SpecMismatch(`${contract.aggregate}.${event._tag} does not fit its schema: ${show(encoded.failure.issues)}`)
}
