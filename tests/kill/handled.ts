/**
 * A consumer in a server that is killed: what its handler did stands in a file of its own, outside of all that is under
 * test, and is held to the log and to the marks that the server kept.
 * @module
 */
import { Effect, Layer } from "effect"
import { join } from "node:path"
import * as App from "../../core/App.ts"
import * as Consumer from "../../core/Consumer.ts"
import type { StoredEvent } from "../../core/EventStore.ts"
import { Progress } from "../../core/Progress.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { Account, AccountAggregate } from "./app.ts"
import { readLog, tokens } from "./data.ts"
import * as Ledger from "./Ledger.ts"
import * as load from "./load.ts"
import * as ServerProcess from "./ServerProcess.ts"

/** The argument of the server that has the consumer. */
export const booked = "booked"
const name = "book"
/** Few: each event is handled by itself, and waits for the fsync of its mark. */
const clients = 16
const fileOf = (folder: string): string => join(folder, "handled.txt")

export const appOf = (folder: string): App.App =>
  App.make("accounts", {
    aggregates: [AccountAggregate],
    consumers: [Consumer.make(name, {
      contract: Account,
      from: "beginning",
      onError: "retry",
      handler: (_, { id, version }) =>
        Effect.sync(() => Deno.writeTextFileSync(fileOf(folder), `${id} ${version}\n`, { append: true })),
    })],
  })

/** Versions in the order in which they were handled first, by account. */
const handled = (folder: string): ReadonlyMap<string, ReadonlySet<number>> => {
  const found = new Map<string, Set<number>>()
  const text = Deno.readTextFileSync(fileOf(folder))
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const [id = "", version] = line.split(" ")
    found.set(id, (found.get(id) ?? new Set()).add(Number(version)))
  }
  return found
}

const headsOf = (log: ReadonlyArray<StoredEvent>): ReadonlyMap<string, number> =>
  new Map(log.map(({ id, version }) => [id, version]))

/** Marks that say more than was done, and events that were handled first behind a later one. */
const faults = async (folder: string): Promise<ReadonlyArray<string>> => {
  const heads = [...headsOf(await readLog(folder)).keys()]
  const streams = heads.map((id) => ({ tenant: "bank", aggregate: "Account", id }))
  const marks = await Effect.runPromise(
    Effect.flatMap(Progress, (progress) => progress.read(name, streams)).pipe(
      Effect.provide(Layer.orDie(Sqlite.layer({ folder }))),
    ),
  )
  const done = handled(folder)
  const ahead = streams.flatMap(({ id }, n) => {
    const [mark, count] = [marks[n]!.version, done.get(id)?.size ?? 0]
    return mark > count ? [`${id}: marked up to ${mark}, handled up to ${count}`] : []
  })
  const disordered = [...done].flatMap(([id, versions]) =>
    [...versions].some((version, n) => version !== n + 1) ? [`${id}: handled as ${[...versions].join(" ")}`] : []
  )
  return [...ahead, ...disordered]
}

/** Kills the server so often under a light load; what is wrong then, as sentences, and how many events there were. */
export const run = async (folder: string, kills: number, seed: number) => {
  const port = ServerProcess.freePort()
  const start = () => ServerProcess.start({ folder, port, arguments: [booked] })
  const [ledger, random, found] = [Ledger.make(), load.randomOf(seed), new Array<string>()]
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  Deno.writeTextFileSync(fileOf(folder), "")
  let server = start()
  await server.ready(30_000)
  const running = load.start({ url: server.url, tokens: await tokens(folder, clients) }, clients, ledger, seed)
  for (let n = 0; n < kills; n++) {
    await pause(1_000 + random() * 2_000)
    await server.kill()
    found.push(...await faults(folder))
    server = start()
    await server.ready(30_000)
  }
  await running.stop()
  const log = await readLog(folder)
  const heads = headsOf(log)
  const missing = () => {
    const done = handled(folder)
    return [...heads].filter(([id, version]) => (done.get(id)?.size ?? 0) < version)
  }
  for (let n = 0; n < 300 && missing().length > 0; n++) await pause(100)
  found.push(...missing().map(([id, version]) => `${id}: not handled up to ${version}`))
  await server.kill()
  found.push(...await faults(folder))
  return { found, events: log.length }
}
