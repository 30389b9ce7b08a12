/**
 * What a process should do about the leases of a log in shards, as a pure function of what it has seen.
 *
 * Every live process computes the same shares from the same view, so none has to ask another.
 * @module
 */
import type { Lease } from "../../core/Leases.ts"
import type { Shard } from "../../core/ShardLog.ts"

/** The checkpoint of a shard that was worked off to its end; kept until the shard is gone, for its children wait for it. */
export const ended = "end"
/** Any other checkpoint is a position of the log, marked so that none looks like the end. */
export const checkpointAt = (position: string): string => `>${position}`
export const positionOf = (checkpoint: string | undefined): string | undefined =>
  checkpoint?.startsWith(">") ? checkpoint.slice(1) : undefined

export interface Seen {
  readonly lease: Lease
  /** Somebody holds it, and its beat has moved lately. */
  readonly isLive: boolean
}

export interface View {
  readonly owner: string
  /** Processes that live, this one among them. */
  readonly owners: ReadonlySet<string>
  readonly shards: ReadonlyArray<Shard>
  /** By shard. */
  readonly leases: ReadonlyMap<string, Seen>
  /** Shards that are worked on here. */
  readonly mine: ReadonlySet<string>
}

export interface Plan {
  readonly take: ReadonlyArray<string>
  /** Somebody else has a right to them. */
  readonly giveUp: ReadonlyArray<string>
  /** Leases of shards that were done and are gone. */
  readonly forget: ReadonlyArray<string>
}

/** Shards of which something is to be done, by id: not ended, and no parent that still exists is before them. */
const workable = ({ leases, shards }: Pick<View, "leases" | "shards">): ReadonlyArray<string> => {
  const exist = new Set(shards.map(({ id }) => id))
  const isEnded = (id: string) => leases.get(id)?.lease.checkpoint === ended
  const open = shards.filter(({ id, parents }) =>
    !isEnded(id) && parents.every((parent) => !exist.has(parent) || isEnded(parent))
  )
  // One that vanished before its end is taken once more: whoever finds it gone says so.
  const vanished = [...leases.keys()].filter((id) => !exist.has(id) && !isEnded(id))
  return [...open.map(({ id }) => id), ...vanished].sort()
}

/** How many of `count` shards are this owner's: they differ by one at most, and add up. */
const shareOf = (owner: string, owners: ReadonlySet<string>, count: number): number => {
  const index = [...owners].sort().indexOf(owner)
  return Math.floor(count / owners.size) + (index < count % owners.size ? 1 : 0)
}

export const plan = (view: View): Plan => {
  const { leases, mine, owner, owners, shards } = view
  const all = workable(view)
  const share = shareOf(owner, owners, all.length)
  const exist = new Set(shards.map(({ id }) => id))
  // A lease of our own that nobody works under was taken by a call whose answer was lost.
  const free = all.filter((id) => {
    const seen = leases.get(id)
    return !mine.has(id) && (seen === undefined || !seen.isLive || seen.lease.owner === owner)
  })
  const [kept, more] = [[...mine].sort(), share - mine.size]
  return {
    take: more > 0 ? free.slice(0, more) : [],
    giveUp: more < 0 ? kept.slice(more) : [],
    forget: [...leases].filter(([id, { lease }]) => lease.checkpoint === ended && !exist.has(id)).map(([id]) => id),
  }
}
