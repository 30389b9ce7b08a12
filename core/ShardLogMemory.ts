/**
 * A log in shards in memory, with the lineage and the disorder that the engines have: shards split and merge, histories
 * are trimmed, items come twice, later than others of their shard, or not at all for a while.
 *
 * A key never moves between open shards but to children of the one it stood in, and never before its parent's items.
 * @module
 */
import { Effect, Random } from "effect"
import { type Batch, LogUnavailable, type ShardLog, Trimmed } from "./ShardLog.ts"

interface ShardState<A> {
  readonly id: string
  readonly parents: ReadonlyArray<string>
  /** Hashes of the keys it holds: from, inclusive, to, exclusive. */
  readonly range: readonly [from: number, to: number]
  /** The n-th item that can be read has position `trimmed` + n. */
  items: Array<A>
  /** They came, and cannot be read yet: the next ones are picked among them. */
  waiting: Array<A>
  trimmed: number
  isClosed: boolean
}

export interface State<A> {
  /** Those that exist. */
  readonly shards: Map<string, ShardState<A>>
  made: number
}

/** Chances, from 0 to 1. */
export interface Disorder {
  /** That an item is seen only after later ones of its shard. */
  readonly late: number
  /** That an item comes again behind itself. */
  readonly twice: number
  /** That a call is refused. */
  readonly refused: number
}
export const order: Disorder = { late: 0, twice: 0, refused: 0 }

const hashes = 2 ** 32
const hashOf = (key: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

const open = <A>(state: State<A>, parents: ReadonlyArray<string>, range: ShardState<A>["range"]) => {
  const id = `shard-${String(++state.made).padStart(4, "0")}`
  state.shards.set(id, { id, parents, range, items: [], waiting: [], trimmed: 0, isClosed: false })
}

/** A log of `count` shards that are equally wide. */
export const emptyState = <A>(count = 1): State<A> => {
  const state: State<A> = { shards: new Map(), made: 0 }
  for (let i = 0; i < count; i++) {
    open(state, [], [Math.floor(i * hashes / count), Math.floor((i + 1) * hashes / count)])
  }
  return state
}

export const add = <A>(state: State<A>, key: string, value: A): void => {
  const hash = hashOf(key)
  for (const shard of state.shards.values()) {
    const [from, to] = shard.range
    if (!shard.isClosed && from <= hash && hash < to) shard.waiting.push(value)
  }
}

/** Ids of the shards that take items, in the order of their ranges. */
export const openShards = <A>(state: State<A>): ReadonlyArray<string> =>
  [...state.shards.values()].filter(({ isClosed }) => !isClosed).sort((a, b) => a.range[0] - b.range[0])
    .map(({ id }) => id)

const showAll = <A>(shard: ShardState<A>) => void shard.items.push(...shard.waiting.splice(0))
const close = <A>(shard: ShardState<A>) => {
  showAll(shard)
  shard.isClosed = true
}

/** Closes a shard and opens two in its place. */
export const split = <A>(state: State<A>, id: string): void => {
  const shard = state.shards.get(id)
  if (shard === undefined || shard.isClosed) return
  const [from, to] = shard.range
  const middle = Math.floor((from + to) / 2)
  close(shard)
  open(state, [id], [from, middle])
  open(state, [id], [middle, to])
}

/** Closes an open shard and the next one, and opens one in their place. */
export const merge = <A>(state: State<A>, id: string): void => {
  const all = openShards(state)
  const [a, b] = [id, all[all.indexOf(id) + 1] ?? ""].map((one) => state.shards.get(one))
  if (a === undefined || b === undefined || a.isClosed) return
  close(a)
  close(b)
  open(state, [a.id, b.id], [a.range[0], b.range[1]])
}

/** Forgets all but the newest `kept` items of a shard, and the shard itself where it is closed and nothing is left. */
export const trim = <A>(state: State<A>, id: string, kept = 0): void => {
  const shard = state.shards.get(id)
  if (shard === undefined) return
  showAll(shard)
  const count = Math.max(0, shard.items.length - kept)
  shard.items = shard.items.slice(count)
  shard.trimmed += count
  if (shard.isClosed && shard.items.length === 0) state.shards.delete(id)
}

/** The log as one process reads it. */
export const make = <A>(state: State<A>, { late, refused, twice }: Disorder = order): ShardLog<A> => {
  const chance = (probability: number) => Effect.map(Random.next, (drawn) => drawn < probability)
  const refusal = Effect.flatMap(
    chance(refused),
    (isRefused) => isRefused ? Effect.fail(new LogUnavailable({ reason: "refused" })) : Effect.void,
  )
  /** Lets some of what waits be read: the first, or one behind it. In one step, for other processes read it, too. */
  const show = (shard: ShardState<A>): Effect.Effect<void> =>
    Effect.map(Random.Random, (random) => {
      while (shard.waiting.length > 0) {
        const at = random.nextDoubleUnsafe() < late ? Math.floor(random.nextDoubleUnsafe() * shard.waiting.length) : 0
        shard.items.push(...shard.waiting.splice(at, 1))
        if (random.nextDoubleUnsafe() < late) return
      }
    })

  return {
    shards: Effect.andThen(
      refusal,
      Effect.sync(() => [...state.shards.values()].map(({ id, parents }) => ({ id, parents }))),
    ),
    read: Effect.fnUntraced(function* (id, after, limit) {
      yield* refusal
      const shard = state.shards.get(id)
      if (shard === undefined) return yield* new Trimmed({ shard: id })
      yield* show(shard)
      const from = after === undefined ? shard.trimmed : Number(after)
      if (from < shard.trimmed) return yield* new Trimmed({ shard: id })
      const start = from - shard.trimmed
      // Now and then one that was given before comes once more.
      const again = start > 0 && (yield* chance(twice)) ? 1 : 0
      const items = shard.items.slice(start - again, start - again + limit)
        .map((value, i) => ({ position: String(from - again + i + 1), value }))
      const next = Math.max(from, from - again + items.length)
      const batch: Batch<A> = {
        items,
        next: String(next),
        isEnd: shard.isClosed && next === shard.trimmed + shard.items.length,
        behindMs: undefined,
      }
      return batch
    }),
    wait: (ms) => Effect.sleep(ms),
  }
}
