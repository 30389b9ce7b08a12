/**
 * `nexus stats`: what a store holds, in figures, while servers go on.
 * @module
 */
import { Effect } from "effect"
import type { AtLeast, Share, Stats } from "../runtime/Stats.ts"
import { data, failed, folderOf, type Verb } from "./Verb.ts"

/** Reads the figures of the store in a folder; the entry chooses the adapter. */
export type Read = (folder: string) => Effect.Effect<Stats, { readonly message: string }>

const barWidth = 24
const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
const number = (value: number): string => value.toLocaleString("en-US")
const time = (ms: number | undefined): string => ms === undefined ? "-" : new Date(ms).toISOString()

const size = (bytes: number): string => {
  if (bytes < 1_024) return `${bytes} B`
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1_024 ** power).toFixed(1)} ${["B", "KiB", "MiB", "GiB", "TiB"][power]}`
}

export const bar = (part: number): string => {
  const cells = Math.round(Math.max(0, Math.min(1, part)) * barWidth * 8)
  return "█".repeat(Math.floor(cells / 8)) + eighths[cells % 8]
}

/** Columns of text, numbers to the right, a bar behind them. */
const table = (rows: ReadonlyArray<readonly [name: string, events: number, more: string]>, about: string): string => {
  const width = Math.max(...rows.map(([name]) => name.length))
  const most = Math.max(...rows.map(([, events]) => events))
  const digits = Math.max(...rows.map(([, events]) => number(events).length + about.length))
  return rows.map(([name, events, more]) =>
    `  ${name.padEnd(width)}  ${`${about}${number(events)}`.padStart(digits)}  ${
      bar(events / most).padEnd(barWidth)
    }  ${more}`
      .trimEnd()
  ).join("\n")
}

export const text = (stats: Stats): string => {
  const { aggregates, days, events, files, newest, oldest, payload, receipts, sampled, snapshots, streams, tenants } =
    stats
  const about = sampled < events ? "~" : ""
  const bounded = ({ count, more }: AtLeast) => `${more ? "over " : ""}${number(count)}`
  const shares = (of: ReadonlyArray<Share>) =>
    table(of.map((one) => [one.name, one.events, `${about}${number(one.streams)} streams`]), about)
  return [
    `file       ${size(files.database)}, ${size(files.free)} of it free, log ${size(files.log)}`,
    `events     ${number(events)} in ${about}${number(streams)} streams`,
    `first      ${time(oldest)}`,
    `last       ${time(newest)}`,
    `payloads   half up to ${size(payload.p50)}, 90 % ${size(payload.p90)}, 99 % ${size(payload.p99)}, largest ${
      about === "" ? "" : "seen "
    }${size(payload.max)}`,
    `receipts   ${bounded(receipts)} of refusals and no-ops`,
    `snapshots  ${bounded(snapshots)}`,
    ...(events === 0 ? [] : [
      `\nby tenant`,
      shares(tenants),
      `\nby aggregate`,
      shares(aggregates),
      `\nby day (UTC)`,
      table(days.map(({ day, events }) => [day, events, ""]), about),
    ]),
    ...(about === "" ? [] : [`\n~ is estimated from ${number(sampled)} events, spread evenly over all`]),
  ].join("\n")
}

export const stats = (read: Read): Verb => ({
  name: "stats",
  help: "Show what a store holds, in figures",
  options: { ...data },
  notes: "Figures of a store of more than 200,000 events are estimated from a sample where they begin with ~.",
  run: Effect.fnUntraced(function* (input) {
    const found = yield* Effect.mapError(
      read(folderOf(input)),
      ({ message }) => failed(message),
    )
    yield* input.print(text(found), found)
    return 0
  }),
})
