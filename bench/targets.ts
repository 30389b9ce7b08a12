/**
 * What the figures are held against, as data: how a figure is got from one round, and its bound.
 *
 * Speeds are ratios within a round wherever something else can be measured beside us, so that a slow host makes no
 * failure. Without a bound a figure is told only.
 * @module
 */
import type { Figures, Round } from "./Figures.ts"

export interface Target {
  readonly workload: string
  readonly says: string
  /** Nothing where a subject that it needs did not take part. */
  readonly of: (round: Round) => number | undefined
  readonly atLeast?: number
  readonly atMost?: number
}

const figure = (name: string) => (figures: Figures): number | undefined => figures[name]
const perSecond = figure("perSecond")
/** Tells the same as a speed where others share the processors, but for what waits for the disk. */
const perCpuSecond = ({ count, cpuMs }: Figures) =>
  count === undefined || cpuMs === undefined ? undefined : count / cpuMs

type Of = (figures: Figures) => number | undefined

/** Of Nexus alone. */
const own = (of: Of) => (round: Round) => round["nexus"] && of(round["nexus"])

/** One subject over another. */
const between = (one: string, other: string, of: Of, ofOther: Of = of) => (round: Round): number | undefined => {
  const [ours, theirs] = [round[one], round[other]]
  const [a, b] = [ours && of(ours), theirs && ofOther(theirs)]
  return a === undefined || b === undefined ? undefined : a / b
}

/** Nexus over another subject. */
const over = (other: string, of: Of, ofOther: Of = of) => between("nexus", other, of, ofOther)

const speeds = [
  { workload: "W1", ofRaw: 0.22, ofEntity: 28 },
  { workload: "W2", ofRaw: 0.16, ofEntity: 16 },
  { workload: "W3", ofRaw: 0.20, ofEntity: 20 },
]
const known = ["W1", "W2", "W3", "W1-uuidv7", "W1-random"]
const wide = ["W1", "W3"]

export const targets: ReadonlyArray<Target> = [
  ...known.flatMap((workload): ReadonlyArray<Target> => {
    const bounds = speeds.find((one) => one.workload === workload)
    return [
      {
        ...{ workload, says: "commands/s of raw rows/s", of: over("raw", perSecond) },
        ...bounds && { atLeast: bounds.ofRaw },
      },
      { workload, says: "the same by processor time", of: over("raw", perCpuSecond) },
      { workload, says: "commands/s of raw rows/s, same rows", of: over("raw-own", perSecond) },
      {
        ...{ workload, says: "times the Effect Cluster entity", of: over("entity", perSecond) },
        ...bounds && { atLeast: bounds.ofEntity },
      },
      {
        ...{ workload, says: "times Castore's volatile memory store", of: over("castore", perSecond) },
        ...workload === "W2" && { atLeast: 1 },
      },
      {
        ...{ workload, says: "p99 of raw commit p99", of: over("raw", figure("p99Ms")) },
        ...wide.includes(workload) && { atMost: 5 },
      },
      {
        workload,
        // Two groups; a starved timer does not fire at all.
        says: "commands per firing of a 1 ms timer",
        of: own(({ count, firings }) => count! / firings!),
        atMost: 1_024,
      },
      { workload, says: "longest gap of that timer, ms", of: own(figure("longestGapMs")) },
    ]
  }),
  {
    workload: "W4",
    says: "10,000 events loaded, times raw read and parse",
    of: over("raw", figure("loadMs")),
    atMost: 3,
  },
  { workload: "W4", says: "the same by processor time", of: over("raw", figure("loadCpuMs")) },
  { workload: "W4", says: "longest gap of a 1 ms timer meanwhile, ms", of: own(figure("loadGapMs")), atMost: 5 },
  { workload: "W4", says: "loaded from a snapshot, ms", of: own(figure("snapshotMs")), atMost: 3 },
  {
    workload: "W4",
    says: "asked as of a time, times a cold load",
    of: own(({ asOfMs, loadMs }) => asOfMs === undefined ? undefined : asOfMs / loadMs!),
    atMost: 2,
  },
  { workload: "W5", says: "events/s of raw scan and parse", of: over("raw", perSecond) },
  { workload: "W6", says: "start of the process to the first answer, ms", of: own(figure("startMs")), atMost: 600 },
  {
    workload: "W6",
    says: "the same over HTTP, token included, ms",
    of: (round) => round["nexus-http"]?.["startMs"],
    atMost: 600,
  },
  { workload: "W7", says: "heap bytes per idle actor", of: own(figure("heapBytesPerActor")), atMost: 400 },
  {
    workload: "http",
    says: "commands/s of requests/s of bare Hono on the same listener",
    of: over("hono", perSecond),
    atLeast: 0.25,
  },
  { workload: "http", says: "the same by the server's processor time", of: over("hono", perCpuSecond) },
  { workload: "http", says: "commands/s of requests/s of Hono on `Deno.serve`", of: over("deno-serve", perSecond) },
  {
    ...{ workload: "governance", says: "commands/s with governance of those without" },
    of: between("nexus-governed", "nexus", perSecond),
    atLeast: 0.85,
  },
  {
    ...{ workload: "governance", says: "the same by processor time" },
    of: between("nexus-governed", "nexus", perCpuSecond),
  },
  ...([
    ["an event of 300 bytes validated, p99 us", "validateP99Us", 100],
    ["a schema known to the cache, p99 ms", "getP99Ms", 1],
    ["a schema of 40 fields against 20 revisions, p99 ms", "compareP99Ms", 20],
    ["the same refused, with five values that show why, p99 ms", "refuseP99Ms", 20],
    ["`GET /v1/schemas` over HTTP, p99 ms", "schemasP99Ms", 10],
    ["a decision of the policies, p99 us", "decideP99Us", 200],
    ["a decision remembered, p99 us", "rememberedP99Us", 5],
    ["the look of the gate into the registry, p99 us", "lookP99Us", undefined],
  ] as const).map(([says, name, atMost]): Target => ({
    ...{ workload: "governance-parts", says, of: own(figure(name)) },
    ...atMost === undefined ? {} : { atMost },
  })),
  {
    ...{ workload: "governance-parts", says: "validation at the median, times Ajv's" },
    of: over("ajv", figure("validateP50Us")),
  },
  {
    ...{ workload: "governance-parts", says: "a decision at the median, of one by an OPA server" },
    of: over("opa", figure("decideP50Us")),
  },
  ...([
    ["aws-W1", "commands/s of raw conditional puts/s, same table", "raw-put", 0.85],
    ["aws-W1", "the same of a table without indexes and stream", "raw-bare", undefined],
    ["aws-W1", "times Castore on the same engine", "castore-dynamodb", undefined],
    ["aws-W1-given", "commands/s of raw transactions of two items/s", "raw-transaction", 0.85],
    ["aws-W2", "commands/s to one aggregate of raw single puts/s to it, each behind the one before", "raw-single", 3],
    ["aws-W2", "the same of puts to it as many in flight, which may leave gaps", "raw-put", undefined],
    ["aws-W2", "the same of raw transactions of 64 puts, the engine's own limit", "raw-together", undefined],
    ["aws-W2", "times Castore on the same engine", "castore-dynamodb", undefined],
    [
      "aws-W2-given",
      "commands/s to one aggregate of raw single puts/s to it, each behind the one before",
      "raw-single",
      1.5,
    ],
    ["aws-W2-given", "the same of puts to it as many in flight, which may leave gaps", "raw-put", undefined],
  ] as const).map(([workload, says, other, atLeast]): Target => ({
    ...{ workload, says, of: between("nexus-dynamodb", other, perSecond) },
    ...atLeast === undefined ? {} : { atLeast },
  })),
  ...([
    ["aws-rate", "commands at 100/s on DynamoDB, p99 ms", "nexus-dynamodb", 200],
    ["aws-core", "events at 100/s to a consumer on Kinesis, p99 ms", "nexus-aws", 500],
    ["aws-secondary", "events at 100/s to a consumer on SQS, p99 ms", "nexus-aws", 5_000],
  ] as const).map(([workload, says, subject, atMost]): Target => ({
    ...{ workload, says, atMost, of: (round) => round[subject]?.["p99Ms"] },
  })),
  {
    workload: "aws-router",
    says: "events/s of a backlog through the router, of PutRecords of the same records alone",
    of: (round) => {
      const { perSecond, rawPerSecond } = round["nexus-aws"] ?? {}
      return perSecond === undefined || rawPerSecond === undefined ? undefined : perSecond / rawPerSecond
    },
  },
  {
    workload: "sockets",
    says: "one event to 1,000 sockets, command sent to last frame, ms",
    of: own(figure("lastMs")),
    atMost: 200,
  },
]
