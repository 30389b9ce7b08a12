/**
 * Snapshots in a table of their own. A state larger than an item is cut into parts; a torn one is told by its checksum.
 * @module
 */
import { Effect } from "effect"
import { Limits } from "../../../core/Limits.ts"
import { type Shape, type Snapshot, SnapshotStore } from "../../../core/SnapshotStore.ts"
import type { StreamKey } from "../../../core/Stream.ts"
import type { Failed } from "../aws/Failed.ts"
import type { Asked, Calls, Items } from "./calls.ts"
import { unavailable } from "./faults.ts"
import { type Item, keyOf } from "./items.ts"

/** UTF-16 units of one part: at most three bytes each, and an item holds 400 KB. */
const partUnits = 120_000
/** One that was not made again for so long belongs to a stream that rests; folding it anew costs time alone. */
const ttlMs = 90 * 86_400_000
const deletesAtOnce = 8
const pageMax = 1_000

const digits = (value: number, count: number): string => String(value).padStart(count, "0")
const placeOf = (key: string, version: number, part: number): string =>
  `${key}#${digits(version, 10)}#${digits(part, 3)}`

/** Never within a pair of surrogates: alone, either would be changed. */
const partsOf = (state: string): ReadonlyArray<string> => {
  const parts: Array<string> = []
  for (let from = 0; from < state.length || parts.length === 0;) {
    let to = Math.min(state.length, from + partUnits)
    if (to < state.length && (state.charCodeAt(to) & 0xfc00) === 0xdc00) to--
    parts.push(state.slice(from, to))
    from = to
  }
  return parts
}

interface Kept {
  readonly key: string
  readonly version: number
  readonly part: number
  readonly item: Item
}
const keptOf = (item: Item): Kept => {
  const parts = item["sk"]!.S!.split("#")
  const [version, part] = parts.splice(-2).map(Number) as [number, number]
  return { key: parts.join("#"), version, part, item }
}
/** By version downwards, then by key, then by part. */
const newestFirst = (a: Kept, b: Kept): number =>
  b.version - a.version || (a.key < b.key ? -1 : a.key > b.key ? 1 : a.part - b.part)

const text = (item: Item, name: string): string => item[name]?.S ?? ""

/** The whole snapshots among items; of one whose first part is missing nothing is said. */
const snapshotsOf = (stream: StreamKey, found: ReadonlyArray<Item>): ReadonlyArray<Snapshot> => {
  const snapshots: Array<Snapshot> = []
  for (const { item, key, part, version } of found.map(keptOf).toSorted(newestFirst)) {
    const last = snapshots.at(-1)
    if (part > 0) {
      if (last?.version !== version || last.key !== key) continue
      snapshots[snapshots.length - 1] = { ...last, state: last.state + text(item, "state") }
      continue
    }
    const [eventId, state, checksum] = [text(item, "event"), text(item, "state"), text(item, "checksum")]
    snapshots.push({ stream, version, eventId, recordedAt: Number(item["time"]?.N), key, state, checksum })
  }
  return snapshots
}

export const make = (calls: Calls): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), ({ snapshotsKept }) => {
    const TableName = calls.tableOf("snapshots")

    const asked = <A>(call: Asked<A>) => calls.permit(unavailable(call))

    /** All items of a stream, or their keys alone. */
    const all = Effect.fnUntraced(function* (
      stream: StreamKey,
      isWhole: boolean,
    ): Effect.fn.Return<ReadonlyArray<Item>, Failed> {
      const found: Array<Item> = []
      let next: Item | undefined
      do {
        const page: Items = yield* calls.query({
          TableName,
          KeyConditionExpression: "pk = :pk",
          ExpressionAttributeValues: { ":pk": { S: keyOf(stream) } },
          ConsistentRead: true,
          Limit: pageMax,
          ExclusiveStartKey: next,
          ...isWhole ? {} : { ProjectionExpression: "pk, sk" },
        })
        found.push(...page.items)
        next = page.next
      } while (next !== undefined)
      return found
    })

    const put = (Item: Item) =>
      calls.call((options) => calls.client.send(new calls.sdk.PutItemCommand({ TableName, Item }), options))
    /** With a checksum: only if the item is of that snapshot. */
    const remove = ({ pk, sk }: Item, checksum?: string) => {
      const condition = checksum === undefined
        ? {}
        : { ConditionExpression: "checksum = :sum", ExpressionAttributeValues: { ":sum": { S: checksum } } }
      const command = new calls.sdk.DeleteItemCommand({ TableName, Key: { pk: pk!, sk: sk! }, ...condition })
      return Effect.asVoid(calls.call((options) => calls.client.send(command, options)))
    }
    const itemKey = ({ key, stream, version }: Snapshot, part: number): Item => ({
      pk: { S: keyOf(stream) },
      sk: { S: placeOf(key, version, part) },
    })

    const save = Effect.fnUntraced(
      function* (snapshot: Snapshot) {
        const { checksum, eventId, key, recordedAt, state, stream, version } = snapshot
        const expiresAt = { N: String(Math.ceil((calls.wallMs() + ttlMs) / 1000)) }
        const parts = partsOf(state).map((state, part): Item => ({
          ...itemKey(snapshot, part),
          state: { S: state },
          checksum: { S: checksum },
          expiresAt,
          ...part > 0 ? {} : { event: { S: eventId }, time: { N: String(recordedAt) } },
        }))
        // The first part is written last: whoever reads meanwhile sees none of it.
        yield* Effect.forEach(parts.toReversed(), put, { discard: true })
        const found = (yield* all(stream, false)).map(keptOf).toSorted(newestFirst)
        /** By key, downwards; parts without a first one are on their way, or left behind, and take nobody's place. */
        const whole = new Map<string, Array<number>>()
        for (const { key, part, version } of found) {
          if (part === 0) whole.set(key, [...whole.get(key) ?? [], version])
        }
        const gone = found.filter((one) => {
          const count = one.key === key ? snapshotsKept : 1
          const kept = whole.get(one.key) ?? []
          // Of a shorter state under the same version, the parts of a longer one before it.
          return (kept.length >= count && one.version < kept[count - 1]!) ||
            (one.key === key && one.version === version && one.part >= parts.length)
        })
        yield* Effect.forEach(gone, ({ item }) => remove(item), { concurrency: deletesAtOnce, discard: true })
      },
    )

    /** The first part first: without it nothing is said of the others. */
    const forget = (snapshot: Snapshot) =>
      Effect.forEach(partsOf(snapshot.state), (_, part) => remove(itemKey(snapshot, part), snapshot.checksum), {
        discard: true,
      }).pipe(
        Effect.catchIf(({ code }) => code === "ConditionalCheckFailedException", () => Effect.void),
      )

    return SnapshotStore.of({
      loadEach: (streams) =>
        Effect.forEach(
          streams,
          (stream) => asked(Effect.map(all(stream, true), (found) => snapshotsOf(stream, found))),
          { concurrency: "unbounded" },
        ),
      save: (snapshot) => asked(save(snapshot)),
      forget: (snapshot) => asked(forget(snapshot)),
    })
  })
