/**
 * W1 to W3: commands to a subject, from an empty folder to verified rows.
 * @module
 */
import * as Ids from "../core/Ids.ts"
import { addItem, placeOrder } from "./domain.ts"
import type { Measurement } from "./Figures.ts"
import { fly } from "./Flight.ts"
import * as raw from "./subjects/raw.ts"
import * as table from "./subjects/table.ts"
import type { Ack, Running, Subject } from "./Subject.ts"
import { faults } from "./verify.ts"
import { type Commands, w1 } from "./workloads.ts"

/**
 * Commands before the clock starts, to instances of their own: as many as V8 takes to compile a server through, or as a slow
 * subject manages in this time.
 */
const warmUpCommands = 20_000
const warmUpMs = 3_000
export const names = (instances: number): ReadonlyArray<string> => Array.from({ length: instances }, (_, n) => `w-${n}`)
const uuidV7 = () => Ids.uuidV7(Date.now(), Math.random)
const idOf = { generated: () => undefined, uuidv7: uuidV7, random: () => crypto.randomUUID() }

/** The garbage collector, where the process was started with `--expose-gc`. */
export const collect = (): void => (globalThis as { gc?: () => void }).gc?.()

/** The same mix as the workload's: new instances alone, or as many as it has and then commands to them. Says how many. */
const warmUp = async (running: Running, workload: Commands, ids: ReadonlyArray<string>): Promise<number> => {
  const created = ids.length === 0 ? warmUpCommands : ids.length
  const startedAt = performance.now()
  let sent = 0
  const send = async (n: number) => {
    if (performance.now() - startedAt > warmUpMs) return
    const id = `warm-${n % created}`
    sent++
    await running.send(id, n < created ? placeOrder(id) : addItem(id, n), idOf[workload.ids]())
  }
  await fly(created, workload.inFlight, send)
  await fly(warmUpCommands - created, workload.inFlight, (n) => send(created + n))
  await fly(ids.length, workload.inFlight, async (n) => void (await running.state(ids[n]!)))
  return sent
}

/** Seeds, opens, warms, measures, closes, verifies. */
export const ofSubject = async (subject: Subject, workload: Commands, folder: string): Promise<Measurement> => {
  const { instances, events } = workload.warm
  const ids = names(instances)
  await subject.seed(folder, ids, events)
  const running = await subject.open(folder)
  const before = await warmUp(running, workload, ids)
  const acks: Array<Ack> = []
  collect()
  const figures = await fly(workload.commands, workload.inFlight, async (n) => {
    const [id, request] = workload.command(n, instances)
    acks.push(await running.send(id, request, idOf[workload.ids]()))
  })
  await running.close()
  const expected = instances * events + before + workload.commands
  return {
    subject: subject.name,
    workload: workload.name,
    figures,
    faults: faults(await subject.rows(folder), acks, expected),
  }
}

/** The raw limit: `W1`'s rows whatever the workload is, or the workload's own rows. */
export const ofRaw = (own: boolean, workload: Commands, folder: string): Measurement => {
  const { flight, stored } = raw.run(folder, own ? workload : { ...w1, commands: 0 })
  return {
    subject: own ? "raw-own" : "raw",
    workload: workload.name,
    figures: flight,
    faults: faults(table.rows(folder), [], stored),
  }
}
