/**
 * An event store as a third party would write it: the port over a journal, with the public modules alone.
 * @module
 */
import { Clock, Context, Effect, Layer } from "effect"
import { Cursor, EventStore, Limits, SnapshotStore, Stream } from "nexus-actors/core"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Journal from "./Journal.ts"

const kind = "journal"
const appendMax = { appends: 64, bytes: 4_000_000 }

const mistake = (group: ReadonlyArray<EventStore.Append>): string | undefined => {
  const bytes = group.flatMap(({ events }) => events).reduce((sum, { payload }) => sum + payload.length, 0)
  if (group.length > appendMax.appends || bytes > appendMax.bytes) return "the group is too large"
  return group.some(({ command, events, refusal, remember }) =>
      (command === undefined && (events.length > 0 || remember)) ||
      (refusal !== undefined && (events.length > 0 || !remember))
    )
    ? "the append contradicts itself"
    : undefined
}

const order = (a: ReadonlyArray<string | number>, b: ReadonlyArray<string | number>): number => {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1
  return 0
}

type Keyed<A> = readonly [key: ReadonlyArray<string | number>, item: A]

/** One page of `all` behind `after`, in the order of the keys. */
const pageOf = <A>(
  all: ReadonlyArray<Keyed<A>>,
  asked: ReadonlyArray<string>,
  after: Keyed<A>[0] | undefined,
  limit: number,
) => {
  const rest = all.filter(([key]) => after === undefined || order(key, after) > 0).toSorted(([a], [b]) => order(a, b))
  const last = rest.length > limit ? rest[limit - 1] : undefined
  const items = rest.slice(0, limit).map(([, item]) => item)
  return { items, cursor: last === undefined ? undefined : Cursor.encode(asked, last[0]) }
}

const events = (journal: Journal.Journal, receiptTtlMs: number): EventStore.Shape => {
  const of = (stream: Stream.StreamKey) => journal.streams.get(Stream.keyOf(stream)) ?? []
  const headOf = (stream: Stream.StreamKey): Stream.Head => {
    const last = of(stream).at(-1)
    if (last === undefined) return Stream.empty
    return { version: last.version, recordedAt: last.recordedAt, closed: last.type === EventStore.tombstone.type }
  }
  const find = (stream: Stream.StreamKey, commandId: string, now: number): EventStore.Receipt | undefined => {
    const line = journal.outcomes.get(Journal.outcomeKey(stream, commandId))
    return line !== undefined && (line.events.length > 0 || now - line.at <= receiptTtlMs) ? line.receipt : undefined
  }
  const record = (append: EventStore.Append, command: EventStore.CommandRecord, head: Stream.Head, now: number) => {
    const { given: _, ...about } = command
    const { tenant, aggregate, id } = append.stream
    const at = Math.max(now, head.recordedAt)
    const stored = append.events.map(({ eventId, payload, schemaVersion, type }, i) => ({
      ...{ tenant, aggregate, id, ...about, eventId, payload, schemaVersion, type },
      version: head.version + 1 + i,
      recordedAt: at,
    }))
    const receipt: EventStore.Receipt = {
      commandId: command.commandId,
      fingerprint: command.fingerprint,
      version: head.version + stored.length,
      events: stored.map(({ eventId, type, version }) => ({ eventId, type, version })),
      refusal: append.refusal,
      offset: stored.length === 0 ? undefined : journal.log.length + stored.length,
    }
    journal.add({ stream: { tenant, aggregate, id }, events: stored, receipt, at })
  }
  const commitOne = (append: EventStore.Append, isLost: boolean, now: number): EventStore.Outcome => {
    const { command, expected, stream } = append
    const receipt = command && find(stream, command.commandId, now)
    if (receipt !== undefined) return { _tag: "Duplicate", receipt }
    const head = headOf(stream)
    if (!isLost && head.closed && command !== undefined) return { _tag: "Closed" }
    if (isLost || head.version !== expected.version) return { _tag: "Conflict" }
    const writes = command !== undefined && (append.events.length > 0 || append.remember)
    if (writes) record(append, command, head, now)
    return {
      _tag: "Committed",
      head: headOf(stream),
      offset: append.events.length > 0 ? journal.log.length : undefined,
    }
  }
  const page = (stream: Stream.StreamKey, after: number, limit: number) => of(stream).slice(after, after + limit)
  const clocked = <A>(f: (now: number) => A) => Effect.map(Clock.currentTimeMillis, (now) => f(Math.floor(now)))

  return EventStore.EventStore.of({
    kind,
    appendMax,
    commit: (group) => {
      const wrong = mistake(group)
      if (wrong !== undefined) return Effect.die(new Error(wrong))
      return clocked((now) => {
        const lost = new Set<string>()
        const outcomes = group.map((append) => {
          const key = Stream.keyOf(append.stream)
          const outcome = commitOne(append, lost.has(key), now)
          if (outcome._tag !== "Committed") lost.add(key)
          return outcome
        })
        journal.flush()
        return outcomes
      })
    },
    read: (stream, after, limit) => Effect.sync(() => page(stream, after, limit)),
    readEach: (requests, limit) => Effect.sync(() => requests.map(({ after, stream }) => page(stream, after, limit))),
    readBackwards: (stream, before, limit) =>
      Effect.sync(() => of(stream).filter(({ version }) => version < before).toReversed().slice(0, limit)),
    head: (stream) => Effect.sync(() => headOf(stream)),
    receipt: (stream, commandId) => clocked((now) => find(stream, commandId, now)),
    byTime: ({ aggregate, cursor, from, limit, tenant, to }) => {
      const asked = [kind, "byTime", tenant, aggregate ?? ""]
      return Effect.map(Cursor.decode<[number, string, string, number]>(asked, "issi", cursor), (after) => {
        const inside = journal.log.filter((event) =>
          event.tenant === tenant && (aggregate ?? event.aggregate) === event.aggregate &&
          event.recordedAt >= from && event.recordedAt < to
        )
        const keyed = inside.map((event) =>
          [[event.recordedAt, event.aggregate, event.id, event.version], event] as const
        )
        return pageOf(keyed, asked, after, limit)
      })
    },
    feed: (cursor, limit) =>
      Effect.flatMap(Cursor.decode<[number]>([kind, "feed"], "i", cursor), (at) => {
        const after = at?.[0] ?? 0
        if (after > journal.log.length) return Effect.fail(new EventStore.BadCursor())
        const items = journal.log.slice(after, after + limit)
        const end = Cursor.encode([kind, "feed"], [after + items.length])
        return Effect.succeed({ items, cursor: items.length === 0 ? cursor : end })
      }),
    feedEnd: Effect.sync(() => {
      const { length } = journal.log
      return length === 0 ? undefined : Cursor.encode([kind, "feed"], [length])
    }),
    streams: (tenant, aggregate, cursor, limit) => {
      const asked = [kind, "streams", tenant, aggregate]
      return Effect.map(Cursor.decode<[string]>(asked, "s", cursor), (after) => {
        const keys = [...journal.streams.values()].map(([first]) => first!)
          .filter((first) => first.tenant === tenant && first.aggregate === aggregate)
        return pageOf(keys.map(({ id }) => [[id], { tenant, aggregate, id }] as const), asked, after, limit)
      })
    },
  })
}

/** All snapshots in one file, written anew on every save: a cache of a small service. */
const snapshots = (file: string, kept: number): SnapshotStore.Shape => {
  let all: ReadonlyArray<SnapshotStore.Snapshot> = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : []
  const isOf = (stream: Stream.StreamKey) => (one: SnapshotStore.Snapshot) =>
    Stream.keyOf(one.stream) === Stream.keyOf(stream)
  const sorted = (some: ReadonlyArray<SnapshotStore.Snapshot>) =>
    some.toSorted((a, b) => order([-a.version, a.key], [-b.version, b.key]))
  return SnapshotStore.SnapshotStore.of({
    loadEach: (streams) => Effect.sync(() => streams.map((stream) => sorted(all.filter(isOf(stream))))),
    save: (snapshot) =>
      Effect.sync(() => {
        const others = all.filter((one) =>
          !isOf(snapshot.stream)(one) || one.key !== snapshot.key || one.version !== snapshot.version
        )
        const mine = sorted([...others.filter(isOf(snapshot.stream)), snapshot])
        const keeps = mine.filter((one, at) => {
          const rank = mine.slice(0, at).filter(({ key }) => key === one.key).length
          return rank < (one.key === snapshot.key ? kept : 1)
        })
        all = [...others.filter((one) => !isOf(snapshot.stream)(one)), ...keeps]
        writeFileSync(file, JSON.stringify(all))
      }),
    forget: (snapshot) =>
      Effect.sync(() => {
        const isIt = (one: SnapshotStore.Snapshot) =>
          isOf(snapshot.stream)(one) && one.key === snapshot.key && one.version === snapshot.version &&
          one.checksum === snapshot.checksum
        all = all.filter((one) => !isIt(one))
        writeFileSync(file, JSON.stringify(all))
      }),
  })
}

/** Both stores over the files of a folder; they are closed with the scope. */
export const layer = (folder: string): Layer.Layer<EventStore.EventStore | SnapshotStore.SnapshotStore> =>
  Layer.effectContext(Effect.gen(function* () {
    const { receiptTtlMs, snapshotsKept } = yield* Limits.Limits
    const journal = yield* Effect.acquireRelease(
      Effect.sync(() => Journal.open(join(folder, "journal.jsonl"))),
      (opened) => Effect.sync(opened.close),
    )
    return Context.make(EventStore.EventStore, events(journal, receiptTtlMs)).pipe(
      Context.add(SnapshotStore.SnapshotStore, snapshots(join(folder, "snapshots.json"), snapshotsKept)),
    )
  }))
