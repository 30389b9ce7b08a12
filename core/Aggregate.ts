/**
 * A contract plus behaviour: pure `decide` per command, pure `evolve` per event.
 *
 * Three steps (`make`, `decide`, `evolve`), so that each handler is checked against types already settled: errors stay
 * short and literals exact.
 * @module
 */
import type { DateTime, Schema } from "effect"
import type * as Contract from "../schemas/Contract.ts"
import type { Instance } from "../schemas/Fields.ts"
import type { Decision } from "./Decision.ts"
import type { Shape as Principal } from "./Principal.ts"
import * as Snapshot from "./Snapshot.ts"

/** All that `decide` may know beside state and command; the same values again whenever the command is decided again. */
export interface CommandContext {
  readonly principal: Principal
  /** The time the command was first decided. */
  readonly now: DateTime.Utc
  readonly commandId: string
  /** A fresh UUID that depends on stream, command id and call number alone. */
  readonly nextId: () => string
}

export type Decide<C extends Contract.Any, S> = {
  readonly [T in keyof C["commands"]]: (
    state: S,
    command: Instance<C["commands"][T]>,
    context: CommandContext,
  ) => Decision<Contract.EventOf<C>, Contract.RejectionOf<C["commands"][T]>>
}
export type Evolve<C extends Contract.Any, S> = {
  readonly [T in keyof C["events"]]: (state: S, event: Instance<C["events"][T]>) => S
}

export interface Aggregate<C extends Contract.Any, S> {
  readonly contract: C
  readonly state: Schema.Codec<S, unknown>
  readonly initial: S
  /** Raised whenever `evolve` changes its meaning: snapshots of other revisions are ignored. */
  readonly revision: number
  readonly decide: Decide<C, S>
  readonly evolve: Evolve<C, S>
  readonly snapshot: Snapshot.Policy
}

type AnyTagged = { readonly _tag: string }
/** Any aggregate, for registries: handlers take `never`, since they are contravariant in state and command. */
export interface Any {
  readonly contract: Contract.Any
  readonly state: Schema.Constraint
  readonly initial: unknown
  readonly revision: number
  readonly decide: {
    readonly [tag: string]: (state: never, command: never, context: CommandContext) => Decision<AnyTagged, AnyTagged>
  }
  readonly evolve: { readonly [tag: string]: (state: never, event: never) => unknown }
  readonly snapshot: Snapshot.Policy
}

export interface Options {
  readonly revision?: number
}

/** The behaviour of `contract` over `state`; `initial` is the state of the empty stream. */
export const make = <C extends Contract.Any, S>(
  contract: C,
  state: Schema.Codec<S, unknown>,
  initial: NoInfer<S>,
  options: Options = {},
) => ({
  decide: (decide: Decide<C, S>) => ({
    evolve: (evolve: Evolve<C, S>, snapshot: Snapshot.Policy = Snapshot.defaultPolicy): Aggregate<C, S> => ({
      contract,
      state,
      initial,
      revision: options.revision ?? 1,
      decide,
      evolve,
      snapshot,
    }),
  }),
})

type Handler = (state: unknown, input: unknown, context?: CommandContext) => unknown
type Handlers = { readonly [tag: string]: Handler }

/** The state after one event. */
export const evolve = <C extends Contract.Any, S>(self: Aggregate<C, S>, state: S, event: Contract.EventOf<C>): S =>
  (self.evolve as unknown as Handlers)[(event as AnyTagged)._tag]!(state, event) as S

/** The state after these events. */
export const fold = <C extends Contract.Any, S>(
  self: Aggregate<C, S>,
  events: Iterable<Contract.EventOf<C>>,
  from: S = self.initial,
): S => {
  let state = from
  for (const event of events) state = evolve(self, state, event)
  return state
}

/** What the aggregate answers to `command` in `state`. */
export const decide = <C extends Contract.Any, S, const I extends AnyTagged>(
  self: Aggregate<C, S>,
  state: S,
  command: I & Contract.CommandOf<C>,
  context: CommandContext,
): Decision<Contract.EventOf<C>, Contract.RejectionOn<C, I>> =>
  (self.decide as unknown as Handlers)[(command as AnyTagged)._tag]!(state, command, context) as never
