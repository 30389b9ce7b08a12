/**
 * The core bus in memory, and the specification of every other one; also with several shards, resharding, and faults.
 *
 * Time comes from `Clock` alone. What a fault leaves (`late`) and what an operator does (`split`, `merge`) are functions
 * over the state.
 * @module
 */
import { Clock, Effect, Layer } from "effect"
import { CoreBus, type CoreRecord, type Sent, type Shape } from "./CoreBus.ts"
import { always, type Choose } from "./Fate.ts"
import { Limits } from "./Limits.ts"
import { mistake, tooLarge } from "./records.ts"
import { type Batch, type Item, type Shard, Trimmed } from "./ShardLog.ts"
import { keyOf, type StreamKey } from "./Stream.ts"
import * as Waiters from "./Waiters.ts"

interface Kept {
  /** Over all shards, from 1 on; a position stands behind it. */
  readonly no: number
  readonly atMs: number
  readonly record: CoreRecord
}

interface ShardState {
  readonly shard: Shard
  /** The hashes of its keys: from, up to but not including `to`. */
  readonly from: number
  readonly to: number
  closedMs: number | undefined
  items: Array<Kept>
  /** The last item that was forgotten. */
  trimmed: { readonly no: number; readonly atMs: number }
}

export interface State {
  readonly shards: Map<string, ShardState>
  /** Shards, and items, there ever were. */
  made: number
  last: number
  /** Of the newest item: times never fall. */
  newestMs: number
  /** Of the newest item that was forgotten, of whichever shard. */
  forgottenMs: number
  /** Zombies under way. */
  late: Array<CoreRecord>
  readonly waiting: Waiters.Waiters
}

const hashes = 2 ** 32

/** FNV-1a: spreads keys over shards. */
const hashOf = (stream: StreamKey): number => {
  let hash = 0x811c9dc5
  for (const char of keyOf(stream)) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193)
  return hash >>> 0
}

const open = (state: State, from: number, to: number, parents: ReadonlyArray<string>): void => {
  const id = `shard-${++state.made}`
  const trimmed = { no: 0, atMs: -Infinity }
  state.shards.set(id, { shard: { id, parents }, from, to, closedMs: undefined, items: [], trimmed })
}

/** A bus of so many shards that holds nothing. */
export const emptyState = (shards = 1): State => {
  const state: State = {
    shards: new Map(),
    made: 0,
    last: 0,
    newestMs: 0,
    forgottenMs: -Infinity,
    late: [],
    waiting: new Set(),
  }
  for (let i = 0; i < shards; i++) {
    open(state, Math.floor(hashes * i / shards), Math.floor(hashes * (i + 1) / shards), [])
  }
  return state
}

const openShard = (state: State, id: string): ShardState => {
  const shard = state.shards.get(id)
  if (shard === undefined || shard.closedMs !== undefined) throw new Error(`there is no open shard ${id}`)
  return shard
}

export const openShards = (state: State): ReadonlyArray<string> =>
  [...state.shards.values()].filter(({ closedMs }) => closedMs === undefined).map(({ shard }) => shard.id)

/** Closes a shard; two go on for it. */
export const split = (state: State, id: string): void => {
  const parent = openShard(state, id)
  const middle = Math.floor((parent.from + parent.to) / 2)
  parent.closedMs = state.newestMs
  open(state, parent.from, middle, [id])
  open(state, middle, parent.to, [id])
  Waiters.wake(state.waiting)
}

/** Closes two neighbours; one goes on for both. */
export const merge = (state: State, left: string, right: string): void => {
  const [a, b] = [openShard(state, left), openShard(state, right)]
  if (a.to !== b.from) throw new Error(`${left} and ${right} are no neighbours`)
  a.closedMs = b.closedMs = state.newestMs
  open(state, a.from, b.to, [left, right])
  Waiters.wake(state.waiting)
}

/** Puts a record at the end of its shard, whatever stands there: as a zombie does. */
export const put = (state: State, record: CoreRecord, nowMs: number): void => {
  const hash = hashOf(record.stream)
  state.newestMs = Math.max(state.newestMs, nowMs)
  for (const shard of state.shards.values()) {
    if (shard.closedMs !== undefined || hash < shard.from || hash >= shard.to) continue
    shard.items.push({ no: ++state.last, atMs: state.newestMs, record })
  }
  Waiters.wake(state.waiting)
}

/** The zombies arrive. */
export const land = (state: State, nowMs: number): void => {
  for (const record of state.late.splice(0)) put(state, record, nowMs)
}

/** Forgets what came before, and closed shards that hold nothing. */
export const trim = (state: State, beforeMs: number): void => {
  for (const [id, shard] of state.shards) {
    const gone = shard.items.findLast(({ atMs }) => atMs < beforeMs)
    if (gone !== undefined) {
      shard.trimmed = gone
      state.forgottenMs = Math.max(state.forgottenMs, gone.atMs)
      shard.items = shard.items.filter(({ no }) => no > gone.no)
    }
    if (shard.closedMs !== undefined && shard.closedMs < beforeMs && shard.items.length === 0) state.shards.delete(id)
  }
}

export interface Options {
  readonly fate?: Choose<"publish">
  readonly recordMax?: Shape["recordMax"]
  readonly publishMax?: Shape["publishMax"]
}

/** As Kinesis has them. */
export const recordMax = { events: 500, bytes: 512 * 1024 }
export const publishMax = { records: 500, bytes: 5 * 1024 * 1024 }

/** A bus over `state`. */
export const make = (state: State = emptyState(), options: Options = {}): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), ({ busRetentionMs }) => {
    const fate = options.fate ?? always
    const max = { recordMax: options.recordMax ?? recordMax, publishMax: options.publishMax ?? publishMax }
    const timed = <A, E>(f: (nowMs: number) => Effect.Effect<A, E>) =>
      Clock.clockWith((clock) => {
        const nowMs = clock.currentTimeMillisUnsafe()
        trim(state, nowMs - busRetentionMs)
        return f(nowMs)
      })

    const send = (record: CoreRecord, nowMs: number): Sent => {
      const chosen = fate("publish")
      if (chosen === "late") state.late.push(record)
      if (chosen === "done" || chosen === "lost" || chosen === "twice") put(state, record, nowMs)
      if (chosen === "twice") put(state, record, nowMs)
      return chosen === "done" || chosen === "twice" ? { _tag: "Sent" } : { _tag: "NotSent", reason: chosen }
    }

    return CoreBus.of({
      ...max,
      publish: (records) =>
        timed((nowMs) => {
          const wrong = mistake(records, max)
          return wrong === undefined
            ? Effect.sync(() => records.map((record) => tooLarge(record, max.recordMax) ?? send(record, nowMs)))
            : Effect.die(new Error(wrong))
        }),
      positionAt: (timeMs) => `@${timeMs}`,
      shards: timed(() => Effect.sync(() => [...state.shards.values()].map(({ shard }) => shard))),
      read: (id, after, limit) =>
        timed(() =>
          Effect.suspend(() => {
            const shard = state.shards.get(id)
            const behind = shard === undefined ? undefined : placeOf(shard, after, state.forgottenMs)
            return shard === undefined || behind === undefined
              ? Effect.fail(new Trimmed({ shard: id }))
              : Effect.succeed(batchOf(shard, behind, limit))
          })
        ),
      wait: (ms) => Effect.asVoid(Effect.timeoutOption(Waiters.woken(state.waiting), ms)),
    })
  })

/** The number of the item behind which a position stands; nothing where something behind it was forgotten. */
const placeOf = (
  { items, trimmed }: ShardState,
  after: string | undefined,
  forgottenMs: number,
): number | undefined => {
  if (after === undefined) return trimmed.no
  const at = Number(after.slice(1))
  if (after.startsWith("#")) return at >= trimmed.no ? at : undefined
  if (!after.startsWith("@") || at <= forgottenMs) return undefined
  // An item that comes later stands behind all that are there, whatever the position's time.
  return items.findLast(({ atMs }) => atMs < at)?.no ?? trimmed.no
}

const batchOf = (shard: ShardState, behind: number, limit: number): Batch<CoreRecord> => {
  const rest = shard.items.filter(({ no }) => no > behind)
  const items = rest.slice(0, limit).map(({ no, record }): Item<CoreRecord> => ({ position: `#${no}`, value: record }))
  const [last, newest] = [rest[items.length - 1], rest.at(-1)]
  return {
    items,
    next: `#${last?.no ?? behind}`,
    isEnd: shard.closedMs !== undefined && items.length === rest.length,
    behindMs: last === undefined || newest === undefined ? 0 : newest.atMs - last.atMs,
  }
}

/** A bus over `state`, so that a test can crash its users and open the same records again. */
export const layerOf = (state: State, options?: Options): Layer.Layer<CoreBus> =>
  Layer.effect(CoreBus, make(state, options))

/** A bus of its own, of one shard, that holds nothing. */
export const layer: Layer.Layer<CoreBus> = Layer.effect(CoreBus, Effect.suspend(() => make()))
