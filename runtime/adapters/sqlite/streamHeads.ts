/**
 * All streams of a file with their heads, in the order of tenant and aggregate as they were first seen, then id.
 * @module
 */
import { Effect } from "effect"
import * as Cursor from "../../../core/Cursor.ts"
import { type Shape, StreamHeads } from "../../../core/StreamHeads.ts"
import type { Connection } from "./connection.ts"

interface Row {
  readonly kind_no: number
  readonly tenant: string
  readonly aggregate: string
  readonly id: string
  readonly version: number
}
const asked = ["sqlite", "heads"]

export const make = (connection: Connection): Shape =>
  StreamHeads.of({
    heads: (cursor, limit) =>
      Effect.flatMap(Cursor.decode<[number, string]>(asked, "is", cursor), (after) =>
        connection.read((session) => {
          const rows = session.statements.streamHeads.all(...after ?? [0, ""], limit) as unknown as ReadonlyArray<Row>
          const last = rows.at(-1)
          return {
            items: rows.map(({ aggregate, id, tenant, version }) => ({ stream: { tenant, aggregate, id }, version })),
            cursor: last === undefined || rows.length < limit
              ? undefined
              : Cursor.encode(asked, [last.kind_no, last.id]),
          }
        })),
  })
