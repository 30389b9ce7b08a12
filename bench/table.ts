/**
 * The Markdown of the results, written from the JSON files beside it alone.
 * @module
 */
import type { Memory } from "./Memory.ts"
import { figure, figures, isKept, judge, type Judged, type Round, spread } from "./Report.ts"
import * as targets from "./targets.ts"

/** What `results/<workload>.json` holds. */
export interface Result {
  readonly workload: string
  readonly says: string
  readonly environment: Readonly<Record<string, string | number>>
  readonly rounds: ReadonlyArray<Round>
  /** W7 only. */
  readonly memory: ReadonlyArray<Memory>
}

const row = (...cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const flights = ({ rounds }: Result): ReadonlyArray<string> => {
  const subjects = [...new Set(rounds.flatMap(Object.keys))]
  return [
    row("subject", "runs", "per second, min / **median** / max", "p50 ms", "p99 ms", "CPU us each"),
    row("---", "---", "---", "---", "---", "---"),
    ...subjects.map((subject) => {
      const all = rounds.flatMap((round) => round[subject] ?? [])
      const median = (of: (flight: (typeof all)[number]) => number) => figure(spread(all.map(of)).median)
      return row(
        subject,
        String(all.length),
        figures(spread(all.map((flight) => flight.perSecond))),
        median((flight) => flight.p50Ms),
        median((flight) => flight.p99Ms),
        median((flight) => flight.cpuMs * 1000 / flight.count),
      )
    }),
  ]
}

const verdict = (judged: Judged): string =>
  judged.bound === undefined
    ? ""
    : `${judged.atMost ? "at most" : "at least"} ${judged.bound}: ${isKept(judged) ? "kept" : "**missed**"}`

const judgements = (all: ReadonlyArray<Judged>): ReadonlyArray<string> =>
  all.length === 0 ? [] : [
    "",
    row("host", "min / **median** / max of the rounds", "bound"),
    row("---", "---", "---"),
    ...all.map((judged) => row(judged.name, figures(judged.spread), verdict(judged))),
  ]

/** The bounds of W7, in the same form as those of the other workloads. */
export const judgeMemory = (memory: ReadonlyArray<Memory>): ReadonlyArray<Judged> => {
  const hosts = memory.filter(({ subject }) => subject === "nexus")
  return hosts.length === 0 ? [] : [{
    name: "heap bytes per idle actor",
    spread: spread(hosts.map(({ heapBytesPerActor }) => heapBytesPerActor)),
    bound: targets.heapBytes,
    atMost: true,
  }]
}

const memories = ({ memory }: Result): ReadonlyArray<string> => [
  row("subject", "actors", "heap bytes each", "resident bytes each"),
  row("---", "---", "---", "---"),
  ...[...new Set(memory.map(({ subject }) => subject))].map((subject) => {
    const all = memory.filter((one) => one.subject === subject)
    return row(
      subject,
      figure(all[0]?.actors ?? 0),
      figures(spread(all.map((one) => one.heapBytesPerActor))),
      figures(spread(all.map((one) => one.rssBytesPerActor))),
    )
  }),
]

/** One workload as Markdown. */
export const section = (result: Result): string =>
  [
    `## ${result.workload}: ${result.says}`,
    "",
    Object.entries(result.environment).map(([name, value]) => `${name} ${value}`).join(" · "),
    "",
    ...(result.memory.length > 0 ? memories(result) : flights(result)),
    ...judgements(result.memory.length > 0 ? judgeMemory(result.memory) : judge(result.workload, result.rounds)),
    "",
  ].join("\n")

const preface = `# Results of \`deno task bench\`

Written by the bench from the JSON files beside this one; do not edit.

- **nexus**: the actor host over the SQLite store, everything on: decoding, receipts, metrics, WAL, \`synchronous=FULL\`.
- **raw**: the limit, \`node:sqlite\` inserts of W1's rows and nothing else, 256 rows a transaction, fsynced; a latency is one transaction.
- **raw-own**: the same with the workload's own rows (one stream, or a thousand of them out of order).
- **entity**: an Effect Cluster entity that inserts one row per command and fsyncs it.

Subjects take turns, each run in a process and a folder of its own; ratios are taken within a round. Every run is verified
afterwards: rows, contiguous versions, ids, each acknowledgement.
`

export const page = (results: ReadonlyArray<Result>): string => [preface, ...results.map(section)].join("\n")
