/**
 * The port to leases: who works on a shard now, under a fencing number, and how far that shard was worked off.
 *
 * No clock is in it. A holder keeps its lease by changing `beat`; whoever has not seen it change for so long, by a clock
 * of its own, may take it. Two may believe that they hold one; what the loser writes changes nothing.
 * @module
 */
import { Context, type Effect } from "effect"
import type { StoreUnavailable } from "./EventStore.ts"

export interface Lease {
  /** `router/shardId-1`, `mailer/shardId-1`: whose work, then on what. */
  readonly name: string
  /** The process that holds it; empty where it was released. */
  readonly owner: string
  /** Raised by one whenever it is taken. */
  readonly fence: number
  /** Raised by one whenever it is kept. */
  readonly beat: number
  /** As its holders left it; never ahead of what they have done. Nothing before the first. */
  readonly checkpoint: string | undefined
}

export interface Shape {
  /**
   * Those whose names begin with `prefix`, by name, read consistently; at most `Limits.leases`, more is
   * `StoreUnavailable`. The prefix goes at least to the first slash.
   */
  readonly list: (prefix: string) => Effect.Effect<ReadonlyArray<Lease>, StoreUnavailable>
  /**
   * Takes a lease that is as it was `seen` (absent: that does not exist), from whomever holds it. Nothing where it has
   * changed since. The checkpoint stays. `StoreUnavailable`: it may have been taken.
   */
  readonly take: (
    name: string,
    owner: string,
    seen: Pick<Lease, "fence" | "beat"> | undefined,
  ) => Effect.Effect<Lease | undefined, StoreUnavailable>
  /** Keeps it, and with `checkpoint` writes that; nothing where it was taken or given back: stop, and touch nothing more. */
  readonly keep: (lease: Lease, checkpoint?: string) => Effect.Effect<Lease | undefined, StoreUnavailable>
  /** Gives it back for others to take at once; where it was lost before, nothing happens. */
  readonly release: (lease: Lease) => Effect.Effect<void, StoreUnavailable>
  /** Forgets it with its checkpoint; where it is not held any more, nothing happens. Next time its fence begins anew. */
  readonly remove: (lease: Lease) => Effect.Effect<void, StoreUnavailable>
}

export class Leases extends Context.Service<Leases, Shape>()("nexus/core/Leases") {}
