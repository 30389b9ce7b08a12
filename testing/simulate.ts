/**
 * Deterministic simulation of an application on the real host: seeded scheduling, virtual time, faults at every port.
 *
 * A failing seed replays byte for byte, on every runtime. Works under any test runner: it answers a report and throws
 * nothing.
 * @module
 */
import type * as App from "../core/App.ts"
import type { Limits } from "../core/Limits.ts"
import { type Faults, type Kind, kindsOfHosts, kindsOfTravel } from "./simulation/Faults.ts"
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
import * as reach from "./simulation/reach.ts"
import { declared } from "./simulation/registryModel.ts"
import { defaultSize, type Size } from "./simulation/plan.ts"
import { type Failure, type Report, timeline, zeros } from "./simulation/report.ts"
import { memoryStores, noCut, type Run, run, type Scenario, type Stores, type Violation } from "./simulation/run.ts"
import { type Part, shrink } from "./simulation/shrink.ts"
import { sometimes } from "./simulation/sometimes.ts"
import { writingsMax } from "./simulation/travel/plan.ts"
import { run as runTravel, type Travel } from "./simulation/travel/run.ts"
import { sometimesTravel } from "./simulation/travel/sometimes.ts"
import { fromContracts, type Workload } from "./simulation/workload.ts"
import type { World } from "./simulation/World.ts"

export * as builtin from "./simulation/builtin.ts"
export { type Failure, type Report, seedsForZeros, text as reportText, unreached } from "./simulation/report.ts"
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
  /**
   * Events of Nexus' own small application on their way (`simulation/travel`): in every fourth seed, and where one seed is
   * asked for; or that alone, in every seed.
   */
  readonly travel?: "too" | "alone"
  /** Stops after so many failures; 1 unless given, because each is made small. */
  readonly failuresMax?: number
  /** Asked before each seed; a time box. */
  readonly isEnough?: (done: number) => boolean
  readonly onSeed?: (done: number, failures: number) => void
}

/** Every so many seeds one is run twice. */
const replayEvery = 100
/** A seed of events on their way takes as long as several of hosts. */
const travelEvery = 4

/** Runs an application through many seeds; the first failures are replayed smaller and smaller. */
export const simulate = async (app: App.App, options: SimulateOptions = {}): Promise<Report> => {
  const scenario = scenarioOf(app, options)
  const from = options.seed ?? options.from ?? 1
  const seeds = options.seed === undefined ? options.seeds ?? 200 : 1
  const [ofHosts, ofTravel] = [options.travel !== "alone", options.travel !== undefined]
  const looked = { ...ofHosts && { ...sometimes, ...options.sometimes } }
  const lookedTravel = { ...ofTravel && sometimesTravel }
  const digests = new Map<number, string>()
  const hostsTold = tellingOf(looked, ofHosts ? kindsOf(options) : [])
  const travelTold = tellingOf(lookedTravel, ofTravel ? kindsOfTravel : [])
  const reached = new Map(ofHosts ? [...reach.declared(app)].map((name) => [name, 0]) : [])
  const failures: Array<Failure> = []
  const add = (counts: Map<string, number>, name: string, by: number) => counts.set(name, (counts.get(name) ?? 0) + by)

  /** One part of a seed: counted, judged, and where it fails made small. */
  const live = async <R extends Ran>(
    seed: number,
    part: Part<R>,
    told: Telling<R>,
    came: (ran: R) => void = () => {},
  ): Promise<string> => {
    const result = await part.again(noCut)
    told.runs++
    came(result)
    for (const [kind, count] of result.faults.fired) add(told.struck, kind, count)
    for (const [name, test] of Object.entries(told.looked)) if (test(result)) add(told.happened, name, 1)
    const digest = result.world.digest()
    const violation = part.check(result)[0] ?? await replay(part, result, (seed - from) % replayEvery === 0)
    if (violation !== undefined) failures.push(await explain(part, result, violation))
    return digest
  }
  for (let seed = from; seed < from + seeds; seed++) {
    if (failures.length >= (options.failuresMax ?? 1) || options.isEnough?.(seed - from)) break
    const operations = scenario.size.operations + scenario.size.questions
    const hosts: Part<Run> = { again: (cut) => run(scenario, seed, cut), check, operations }
    const came = (ran: Run) => {
      for (const name of reach.reached(ran)) if (reached.has(name)) add(reached, name, 1)
    }
    const travel: Part<Travel> = {
      again: (cut) => runTravel(seed, cut),
      check: ({ seen }) => seen,
      operations: writingsMax,
    }
    const travels = ofTravel && (!ofHosts || seeds === 1 || seed % travelEvery === 0)
    const told = [
      ...ofHosts ? [await live(seed, hosts, hostsTold, came)] : [],
      ...travels ? [await live(seed, travel, travelTold)] : [],
    ]
    digests.set(seed, told.join("-"))
    options.onSeed?.(digests.size, failures.length)
  }
  const struck = new Map(hostsTold.struck)
  for (const [kind, count] of travelTold.struck) add(struck, kind, count)
  const isJudged = options.sometimes !== undefined
  return {
    seeds: digests.size,
    digests,
    faults: Object.fromEntries(struck),
    sometimes: Object.fromEntries([...hostsTold.happened, ...travelTold.happened]),
    reached: Object.fromEntries(reached),
    failures: [
      ...failures,
      ...zeros(hostsTold.runs, hostsTold.struck, isJudged ? hostsTold.happened : new Map()),
      ...zeros(travelTold.runs, travelTold.struck, travelTold.happened),
    ],
  }
}

/** What is counted over all runs of a part. */
interface Telling<R> {
  readonly looked: Readonly<Record<string, (run: R) => boolean>>
  readonly struck: Map<string, number>
  readonly happened: Map<string, number>
  runs: number
}
const tellingOf = <R>(looked: Telling<R>["looked"], kinds: ReadonlyArray<Kind>): Telling<R> => ({
  ...{ looked, runs: 0 },
  struck: new Map(kinds.map((kind) => [kind, 0])),
  happened: new Map(Object.keys(looked).map((name) => [name, 0])),
})

/** What both parts of the simulation give. */
interface Ran {
  readonly world: World
  readonly faults: Faults
}

const kindsOf = (options: SimulateOptions): ReadonlyArray<Kind> =>
  kindsOfHosts.filter((kind) => kind !== "older-code" || options.older !== undefined)

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

const replay = async <R extends Ran>(part: Part<R>, first: R, wanted: boolean): Promise<Violation | undefined> => {
  if (!wanted) return undefined
  const second = await part.again(noCut)
  return second.world.digest() === first.world.digest()
    ? undefined
    : { invariant: 18, message: `the second run ended in ${second.world.digest()}` }
}

const explain = async <R extends Ran>(part: Part<R>, failing: R, violation: Violation): Promise<Failure> => {
  const small = await shrink(part, failing, violation)
  return {
    seed: failing.world.seed,
    digest: failing.world.digest(),
    invariant: violation.invariant,
    promise: invariants[violation.invariant] ?? "",
    message: small.message,
    timeline: timeline(small.run.world.notes),
  }
}
