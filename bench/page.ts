/**
 * The figures of `docs/performance.md`, written from the results alone between two marks; the words around them stay.
 * @module
 */
import { figure, type Figures, figures, median, spread } from "./Figures.ts"
import { judge, verdict } from "./judge.ts"
import { plot } from "./plot.ts"
import { guarantees } from "./registry.ts"
import { isProvisional, type Result } from "./Result.ts"

const docs = new URL("../docs/", import.meta.url)
export const pageFile = new URL("performance.md", docs)
export const plotFile = new URL("performance.svg", docs)

const [begin, end] = [
  "<!-- figures: `deno task bench --report` writes them -->",
  "<!-- end of the figures -->",
] as const

const row = (...cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`
const rule = (cells: number): string => row(...Array.from({ length: cells }, () => "---"))

interface Column {
  readonly says: string
  readonly of: (figures: Figures) => number | undefined
  /** Shows the spread, not the median alone. */
  readonly wide?: boolean
}

const named = (name: string, says: string, wide = false): Column => ({ says, of: (all) => all[name], wide })

/** In this order, each where a subject of the workload has it. */
const columns: ReadonlyArray<Column> = [
  named("count", "runs of"),
  named("perSecond", "per second", true),
  named("p50Ms", "p50 ms"),
  named("p99Ms", "p99 ms"),
  {
    says: "CPU us each",
    of: ({ count, cpuMs }) => count === undefined || cpuMs === undefined ? undefined : cpuMs * 1000 / count,
  },
  named("longestGapMs", "loop stood still, ms"),
  named("rawPerSecond", "PutRecords alone, per second", true),
  named("calls", "calls of PutRecords"),
  named("loadMs", "load ms", true),
  named("loadFirstMs", "first of the process, ms"),
  named("loadCpuMs", "CPU ms"),
  named("loadGapMs", "loop stood still, ms"),
  named("snapshotMs", "from a snapshot, ms"),
  named("asOfMs", "as of a time, ms"),
  named("startMs", "start to answer, ms", true),
  named("heapBytesPerActor", "heap bytes each", true),
  named("rssBytesPerActor", "resident bytes each"),
  named("lastMs", "last frame, ms", true),
  named("p50FrameMs", "half of the frames, ms"),
  named("worstMs", "worst of five, ms"),
  named("bytes", "bytes"),
  named("validateP50Us", "validate p50 us"),
  named("validateP99Us", "p99 us"),
  named("decideP50Us", "decide p50 us"),
  named("decideP99Us", "p99 us"),
  named("rememberedP50Us", "remembered p50 us"),
  named("rememberedP99Us", "p99 us"),
  named("lookP99Us", "look p99 us"),
  named("getP99Ms", "get p99 ms"),
  named("compareP99Ms", "compare p99 ms"),
  named("refuseP99Ms", "refuse p99 ms"),
  named("schemasP99Ms", "list p99 ms"),
]

const subjectsOf = ({ rounds }: Result): ReadonlyArray<string> => [...new Set(rounds.flatMap(Object.keys))]

const table = (result: Result): ReadonlyArray<string> => {
  const bySubject = subjectsOf(result).map((name) => {
    const all: ReadonlyArray<Figures> = result.rounds.flatMap((round) => round[name] === undefined ? [] : [round[name]])
    return { name, all }
  })
  const shown = columns.filter(({ of }) => bySubject.some(({ all }) => all.some((one) => of(one) !== undefined)))
  return [
    row("subject", ...shown.map(({ says, wide }) => wide ? `${says}: min / **median** / max` : says)),
    rule(shown.length + 1),
    ...bySubject.map(({ all, name }) =>
      row(
        name,
        ...shown.map(({ of, wide }) => {
          const values = all.flatMap((one) => of(one) ?? [])
          return values.length === 0 ? "" : wide ? figures(spread(values)) : figure(median(values))
        }),
      )
    ),
  ]
}

const told = ({ environment: { deno, loadBefore, measured, processors, system } }: Result): string =>
  `deno ${deno}, ${system}, ${processors} processors, load before ${loadBefore}, measured ${measured}`

/** One workload as Markdown. */
export const section = (result: Result): string => {
  const judged = judge(result.workload, result.rounds)
  return [
    `### ${result.workload}: ${result.says}`,
    "",
    `${told(result)}, ${result.rounds.length} rounds${isProvisional(result) ? " (**provisional**)" : ""}.`,
    "",
    ...table(result),
    ...judged.length === 0 ? [] : ["", row("Nexus", "min / **median** / max of the rounds", "bound"), rule(3)],
    ...judged.map((one) => row(one.target.says, figures(one.spread), verdict(one))),
    "",
  ].join("\n")
}

const promises = (results: ReadonlyArray<Result>): ReadonlyArray<string> => [
  row("workload", "Nexus", "min / **median** / max of the rounds", "bound"),
  rule(4),
  ...results.flatMap(({ rounds, workload }) =>
    judge(workload, rounds).filter((one) => verdict(one) !== "").map((one) =>
      row(workload, one.target.says, figures(one.spread), verdict(one))
    )
  ),
]

const provisional =
  `**Provisional:** at least one workload below was measured while others used the processors ("load before");
its ratios hold better than its speeds.`

/** Everything between the marks. */
export const body = (results: ReadonlyArray<Result>): string =>
  [
    begin,
    "",
    ...results.some(isProvisional) ? [provisional, ""] : [],
    "## What is promised, and what was measured",
    "",
    ...promises(results),
    "",
    "![Commands per second of each subject, by workload](performance.svg)",
    "",
    "## Who takes part, and what each guarantees",
    "",
    row("subject", "what it is and what an answer means"),
    rule(2),
    ...Object.entries(guarantees).map(([name, says]) => row(name, says)),
    "",
    "## The workloads",
    "",
    ...results.map(section),
    end,
  ].join("\n")

/** The page with other figures; its words stay. */
export const render = (page: string, results: ReadonlyArray<Result>): string => {
  const [at, until] = [page.indexOf(begin), page.indexOf(end)]
  if (at < 0 || until < at) throw new Error("docs/performance.md has lost the marks around its figures")
  return page.slice(0, at) + body(results) + page.slice(until + end.length)
}

export const write = async (results: ReadonlyArray<Result>): Promise<void> => {
  await Deno.writeTextFile(pageFile, render(await Deno.readTextFile(pageFile), results))
  await Deno.writeTextFile(plotFile, plot(results))
}
