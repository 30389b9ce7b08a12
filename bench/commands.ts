/**
 * W1 to W3: commands to a subject, from an empty folder to verified rows.
 * @module
 */
import * as Ids from "../core/Ids.ts"
import { addItem, placeOrder, type Request } from "./domain.ts"
import type { Measurement } from "./Figures.ts"
import { fly } from "./Flight.ts"
import * as raw from "./subjects/raw.ts"
import * as table from "./subjects/table.ts"
import type { Ack, Subject } from "./Subject.ts"
import { faults } from "./verify.ts"
import { type Commands, w1 } from "./workloads.ts"

/**
 * Commands before the clock starts, before and after the garbage of the first ones is collected: a collection drops compiled
 * code, too, and a server that runs has it again. Each part ends early for a slow subject.
 */
const warmUps = [20_000, 40_000]
const warmUpMs = 3_000
export const names = (instances: number): ReadonlyArray<string> => Array.from({ length: instances }, (_, n) => `w-${n}`)
const uuidV7 = () => Ids.uuidV7(Date.now(), Math.random)
const idOf = { generated: () => undefined, uuidv7: uuidV7, random: () => crypto.randomUUID() }

/** The garbage collector, where the process was started with `--expose-gc`. */
export const collect = (): void => (globalThis as { gc?: () => void }).gc?.()

/** The same mix as the workload's, to instances of their own: new ones alone, or as many as it has and then commands to them. */
const warming = ({ warm: { instances } }: Commands) => (n: number): readonly [string, Request] => {
  const id = `warm-${instances === 0 ? n : n % instances}`
  return [id, instances === 0 || n < instances ? placeOrder(id) : addItem(id, n)]
}

/** Seeds, opens, warms, measures, closes, verifies. */
export const ofSubject = async (subject: Subject, workload: Commands, folder: string): Promise<Measurement> => {
  const { instances, events } = workload.warm
  const ids = names(instances)
  await subject.seed(folder, ids, events)
  const running = await subject.open(folder)
  for (const id of ids) await running.state(id)

  const acks: Array<Ack> = []
  // One function sends before the clock and behind it: another one would find what calls it compiled for the first.
  let sent = 0
  let request: (n: number) => readonly [string, Request] = warming(workload)
  const send = async () => {
    const [id, asked] = request(sent++)
    acks.push(await running.send(id, asked, idOf[workload.ids]()))
  }
  // All instances are there before the first command to one of them.
  await fly(instances, workload.inFlight, send)
  for (const [part, count] of warmUps.entries()) {
    if (part > 0) collect()
    await fly(count, workload.inFlight, send, warmUpMs)
  }
  request = (n) => workload.command(n, instances)
  sent = 0
  const figures = await fly(workload.commands, workload.inFlight, send)
  await running.close()
  return {
    subject: subject.name,
    workload: workload.name,
    figures,
    faults: faults(await subject.rows(folder), acks, instances * events + acks.length),
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
