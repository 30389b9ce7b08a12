/**
 * Events from their command to a consumer, at a steady rate, through everything between: DynamoDB and its stream, the
 * router, and Kinesis or SNS and SQS.
 * @module
 */
import { Context, Effect, ManagedRuntime } from "effect"
import { Actors } from "../../core/Actors.ts"
import type { Shape as Principal } from "../../core/Principal.ts"
import { cpuMs, quantile } from "../Flight.ts"
import { type Figures, type Measurement, round } from "../Figures.ts"
import { server, withAws } from "./engines.ts"
import { app, type Seen, text } from "./notes.ts"
import { pace } from "./pace.ts"

const principal: Principal = { tenant: "bench", subject: "bench", scopes: ["commands:*", "read"] }
const perSecond = 100
const streams = 20
/** Before the clock starts: leases are taken, consumers have begun, the code is compiled. */
const warmUp = 200
/** What has not come by then is missing. */
const patienceMs = 40_000

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const until = async (isDone: () => boolean): Promise<void> => {
  for (const startedAt = performance.now(); !isDone() && performance.now() - startedAt < patienceMs;) await sleep(20)
}

/** Which events a path must carry, and how. */
const paths = {
  "aws-core": { command: "Note", inOrder: true },
  "aws-secondary": { command: "Chat", inOrder: false },
} as const
export type Path = keyof typeof paths
export const isPath = (name: string): name is Path => Object.hasOwn(paths, name)

/** Every event of every stream, each once, and in order where the path keeps it. */
export const faultsOf = (seen: ReadonlyArray<Seen>, count: number, inOrder: boolean): ReadonlyArray<string> => {
  const byStream = new Map<string, Array<number>>()
  for (const { id, version } of seen) byStream.set(id, [...byStream.get(id) ?? [], version])
  const faults: Array<string> = []
  let found = 0
  for (const [id, came] of byStream) {
    const versions = inOrder ? came : came.toSorted((a, b) => a - b)
    found += versions.length
    if (versions.some((version, i) => version !== i + 1)) faults.push(`${id} came as ${versions.join(", ")}`)
  }
  return found === count ? faults : [...faults, `${found} of ${count} events came`]
}

export const of = (name: Path, subject: string, count: number): Promise<Measurement> =>
  withAws(async (settings) => {
    const { command, inOrder } = paths[name]
    const seen: Array<Seen> = []
    const known = new Set<string>()
    const tell = (one: Seen) => {
      const name = `${one.id} ${one.version}`
      // A path that keeps no order may bring an event twice: its first coming counts.
      if (!inOrder && known.has(name)) return
      known.add(name)
      seen.push(one)
    }
    const runtime = ManagedRuntime.make(server(app(tell, tell), settings))
    const context = await runtime.context()
    const actors = Context.get(context, Actors)
    const send = async (n: number): Promise<void> => {
      const id = `n-${n % streams}`
      await Effect.runPromiseWith(context)(
        actors.send({ principal, aggregate: "Notes", id, command, payload: { text }, commandId: undefined }),
      )
    }
    await pace(warmUp, perSecond, send)
    await until(() => seen.length >= warmUp)
    const from = seen.length
    const before = cpuMs()
    await pace(count, perSecond, send)
    await until(() => seen.length >= warmUp + count)
    const used = cpuMs() - before
    await runtime.dispose()
    const latencies = new Float64Array(seen.slice(from).map(({ ms }) => ms)).toSorted()
    const figures: Figures = {
      count,
      p50Ms: round(quantile(latencies, 0.5), 0),
      p99Ms: round(quantile(latencies, 0.99), 0),
      cpuMs: round(used, 0),
    }
    return { subject, workload: name, figures, faults: faultsOf(seen, warmUp + count, inOrder) }
  })
