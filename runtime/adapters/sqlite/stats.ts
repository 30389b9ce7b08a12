/**
 * Figures of a file, read without a lock that could hold anybody up, and in a time that does not grow with it.
 * @module
 */
import { statSync } from "node:fs"
import { type AtLeast, figures, type Seen, type Stats } from "../../Stats.ts"
import { type Driver, run } from "./driver.ts"

export interface Bounds {
  /** Events of a store that are all looked at; of a larger one, `stretches` times `stretch` of them. */
  readonly all: number
  readonly stretches: number
  readonly stretch: number
  /** Receipts and snapshots are counted so far. */
  readonly rows: number
}
export const bounds: Bounds = { all: 200_000, stretches: 1_000, stretch: 100, rows: 1_000_000 }

const sample = `
  SELECT k.tenant, k.aggregate, e.recorded_at AS recordedAt, octet_length(e.payload) AS bytes, e.version = 1 AS first
  FROM events e CROSS JOIN events s ON s.position = e.stream_no CROSS JOIN kinds k ON k.kind_no = s.kind_no
  WHERE e.position > ? ORDER BY e.position LIMIT ?`

/** The figures of an open file of the newest layout; `file` is its path. */
export const stats = (driver: Driver, file: string, { all, rows, stretch, stretches }: Bounds = bounds): Stats => {
  const number = (sql: string): number | undefined =>
    (run(driver, sql) as { readonly value: number | null } | undefined)?.value ?? undefined
  const atLeast = (table: string): AtLeast => {
    const count = number(`SELECT count(*) AS value FROM (SELECT 1 FROM ${table} LIMIT ${rows + 1})`)!
    return { count: Math.min(count, rows), more: count > rows }
  }
  const events = number("SELECT max(position) AS value FROM events") ?? 0
  const page = driver.prepare(sample)
  function* seen(): Generator<Seen> {
    const whole = events <= all
    const pages = whole ? Math.ceil(events / stretch) : stretches
    for (let i = 0; i < pages; i++) {
      // Stretches lie evenly over the feed, so that old and new events count alike.
      const from = whole ? i * stretch : Math.floor(i * (events - stretch) / (stretches - 1))
      for (const row of page.all(from, stretch) as ReadonlyArray<Omit<Seen, "first"> & { readonly first: number }>) {
        yield { ...row, first: row.first === 1 }
      }
    }
  }
  const pragma = (name: string) => (run(driver, `PRAGMA ${name}`) as { readonly [name: string]: number })[name]!
  return {
    events,
    ...figures(seen(), events),
    oldest: number("SELECT recorded_at AS value FROM events ORDER BY position LIMIT 1"),
    newest: number("SELECT recorded_at AS value FROM events ORDER BY position DESC LIMIT 1"),
    receipts: atLeast("receipts"),
    snapshots: atLeast("snapshots"),
    files: {
      database: sizeOf(file),
      log: sizeOf(`${file}-wal`),
      free: pragma("freelist_count") * pragma("page_size"),
    },
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
