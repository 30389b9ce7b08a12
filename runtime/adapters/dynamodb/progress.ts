/**
 * Marks as items: one conditional write each, so that whoever comes late changes nothing.
 * @module
 */
import { Effect } from "effect"
import { type Mark, Progress, type Shape, start } from "../../../core/Progress.ts"
import { keyOf, type StreamKey } from "../../../core/Stream.ts"
import type { Key, Rows } from "./rows.ts"

const placeOf = (consumer: string, stream: StreamKey): Key => ({ pk: `mark#${consumer}#${keyOf(stream)}`, sk: "mark" })
/** Writes of one call under way at once. */
const atOnce = 32

export const make = (rows: Rows): Shape =>
  Progress.of({
    read: (consumer, streams) => {
      const keys = new Map(streams.map((stream) => placeOf(consumer, stream)).map((key) => [key.pk, key]))
      return Effect.map(rows.getEach([...keys.values()]), (found) => {
        const marks = new Map(found.map(({ core, pk, version }): [unknown, Mark] => [
          pk,
          { version: Number(version), core: Number(core) },
        ]))
        return streams.map((stream) => marks.get(placeOf(consumer, stream).pk) ?? start)
      })
    },
    advance: (consumer, marks) => {
      // Of one stream the highest alone.
      const highest = new Map<string, (typeof marks)[number]>()
      for (const one of marks) {
        const { mark, stream } = one
        if (mark.version > (highest.get(keyOf(stream))?.mark.version ?? 0)) highest.set(keyOf(stream), one)
      }
      return Effect.forEach(highest.values(), ({ mark: { core, version }, stream }) =>
        rows.put({
          row: { ...placeOf(consumer, stream), version, core },
          condition: { text: "attribute_not_exists(#pk) OR #version < :version", values: { version } },
        }), { concurrency: atOnce, discard: true })
    },
  })
