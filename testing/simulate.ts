/**
 * Deterministic simulation of an application on the real host: seeded scheduling, virtual time, faults at every port.
 *
 * A failing seed replays byte for byte, on every runtime. Works under any test runner: it answers a report and throws
 * nothing.
 * @module
 */
import type * as App from "../core/App.ts"
import type { Limits } from "../core/Limits.ts"
import { allKinds } from "./simulation/Faults.ts"
import {
  type Governance,
  type HostLayer,
  productionGovernance,
  productionHost,
  type Stream,
} from "./simulation/Fleet.ts"
import { make as productionStream } from "../edge/stream/Hub.ts"
import { check, invariants } from "./simulation/invariants/check.ts"
import { emptyTape, observe } from "./simulation/observe.ts"
import { declared } from "./simulation/registryModel.ts"
import { defaultSize, type Size } from "./simulation/plan.ts"
import { type Failure, type Report, timeline, zeros } from "./simulation/report.ts"
import { memoryStores, type Run, run, type Scenario, type Stores, type Violation } from "./simulation/run.ts"
import { shrink } from "./simulation/shrink.ts"
import { sometimes } from "./simulation/sometimes.ts"
import { fromContracts, type Workload } from "./simulation/workload.ts"

export * as builtin from "./simulation/builtin.ts"
export { type Failure, type Report, seedsForZeros, text as reportText } from "./simulation/report.ts"
export type { Asked, Draw, Workload } from "./simulation/workload.ts"

export interface SimulateOptions {
  /** How many seeds; 200 unless given. */
  readonly seeds?: number
  /** The first seed; 1 unless given. */
  readonly from?: number
  /** This seed alone. */
  readonly seed?: number
  /** The stores under test, opened anew for each seed; in memory unless given. Must not wait for real time. */
  readonly store?: Stores
  /** What clients ask; any command of any contract unless given. */
  readonly workload?: Workload
  /** The release before: it runs beside the current one in some runs. */
  readonly older?: App.App
  readonly limits?: Partial<Limits>
  readonly size?: Partial<Size>
  /** How hosts are built; for simulating a placement of one's own. */
  readonly host?: HostLayer
  /** How hosts are governed; for simulating a gate of one's own. */
  readonly governance?: Governance
  /** How sockets are served; for simulating a stream of one's own. */
  readonly stream?: Stream
  /** More that should happen in some run. */
  readonly sometimes?: Readonly<Record<string, (run: Run) => boolean>>
  /** Stops after so many failures; 1 unless given, because each is made small. */
  readonly failuresMax?: number
  /** Asked before each seed; a time box. */
  readonly isEnough?: (done: number) => boolean
  readonly onSeed?: (done: number, failures: number) => void
}

/** Every so many seeds one is run twice. */
const replayEvery = 100

/** Runs an application through many seeds; the first failures are replayed smaller and smaller. */
export const simulate = async (app: App.App, options: SimulateOptions = {}): Promise<Report> => {
  const scenario = scenarioOf(app, options)
  const from = options.seed ?? options.from ?? 1
  const seeds = options.seed === undefined ? options.seeds ?? 200 : 1
  const looked = { ...sometimes, ...options.sometimes }
  const digests = new Map<number, string>()
  const struck = new Map<string, number>(kindsOf(options).map((kind) => [kind, 0]))
  const happened = new Map(Object.keys(looked).map((name) => [name, 0]))
  const failures: Array<Failure> = []
  const add = (counts: Map<string, number>, name: string, by: number) => counts.set(name, (counts.get(name) ?? 0) + by)
  for (let seed = from; seed < from + seeds; seed++) {
    if (failures.length >= (options.failuresMax ?? 1) || options.isEnough?.(seed - from)) break
    const result = await run(scenario, seed)
    digests.set(seed, result.world.digest())
    for (const [kind, count] of result.faults.fired) add(struck, kind, count)
    for (const [name, test] of Object.entries(looked)) if (test(result)) add(happened, name, 1)
    const violation = check(result)[0] ?? await replay(scenario, result, (seed - from) % replayEvery === 0)
    if (violation !== undefined) failures.push(await explain(scenario, result, violation))
    options.onSeed?.(digests.size, failures.length)
  }
  return {
    seeds: digests.size,
    digests,
    faults: Object.fromEntries(struck),
    sometimes: Object.fromEntries(happened),
    failures: [...failures, ...zeros(digests.size, struck, options.sometimes === undefined ? new Map() : happened)],
  }
}

const kindsOf = (options: SimulateOptions) =>
  allKinds.filter((kind) => kind !== "older-code" || options.older !== undefined)

/** What the seeds of a simulation share. */
export const scenarioOf = (app: App.App, options: SimulateOptions): Scenario => {
  const tape = { current: emptyTape() }
  const observed = (one: App.App) => observe(one, () => tape.current)
  return {
    app: observed(app),
    older: options.older && observed(options.older),
    declared: declared([app, ...options.older === undefined ? [] : [options.older]]),
    workload: options.workload ?? fromContracts(app),
    size: { ...defaultSize, ...options.size },
    limits: options.limits ?? {},
    stores: options.store ?? memoryStores,
    host: options.host ?? productionHost,
    governance: options.governance ?? productionGovernance,
    stream: options.stream ?? productionStream,
    tape,
  }
}

const replay = async (scenario: Scenario, first: Run, wanted: boolean): Promise<Violation | undefined> => {
  if (!wanted) return undefined
  const second = await run(scenario, first.world.seed)
  return second.world.digest() === first.world.digest()
    ? undefined
    : { invariant: 18, message: `the second run ended in ${second.world.digest()}` }
}

const explain = async (scenario: Scenario, failing: Run, { invariant, message }: Violation): Promise<Failure> => {
  const small = await shrink(scenario, failing, invariant, message)
  return {
    seed: failing.world.seed,
    digest: failing.world.digest(),
    invariant,
    promise: invariants[invariant] ?? "",
    message: small.message,
    timeline: timeline(small.run.world.notes),
  }
}
