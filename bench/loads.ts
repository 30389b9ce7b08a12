/**
 * W4: an instance with a long history is brought into memory, while a 1 ms timer tells how long the loop stood still.
 * @module
 */
import { collect, names } from "./commands.ts"
import { addItem } from "./domain.ts"
import { type Figures, type Measurement, median, round } from "./Figures.ts"
import { cpuMs, startTimer } from "./Flight.ts"
import * as table from "./subjects/table.ts"
import type { Running, Subject } from "./Subject.ts"

/** Loads that count; one before them finds the code cold and is told apart. */
const loads = 5
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

type Load = (id: string) => Promise<number>

/** Each of `ids` once: the first as `<name>FirstMs`, the median of the others as `<name>Ms`. */
const each = async (name: string, ids: ReadonlyArray<string>, items: number, load: Load, faults: Array<string>) => {
  const times: Array<number> = []
  const gaps: Array<number> = []
  const cpus: Array<number> = []
  for (const id of ids) {
    collect()
    // Lets the timer tick before it is needed.
    const stop = startTimer()
    await pause(5)
    const [cpuBefore, startedAt] = [cpuMs(), performance.now()]
    const found = await load(id)
    times.push(performance.now() - startedAt)
    cpus.push(cpuMs() - cpuBefore)
    await pause(2)
    gaps.push(stop().longestGapMs)
    if (found !== items) faults.push(`${id} has ${found} items, ${items} were added`)
  }
  const [first = Number.NaN, ...others] = times
  return {
    [`${name}FirstMs`]: round(first, 2),
    [`${name}Ms`]: round(median(others), 2),
    [`${name}CpuMs`]: round(median(cpus.slice(1)), 2),
    [`${name}GapMs`]: round(median(gaps.slice(1)), 2),
  }
}

const stateOf = (running: Running): Load => async (id) => (await running.state(id)).itemCount

/** Snapshots are written behind the answers, at most ten times a second. */
const untilWritten = () => pause(1_000)

const snapshots = async (subject: Subject, folder: string, ids: ReadonlyArray<string>, items: number) => {
  const faults: Array<string> = []
  const before = await subject.open(folder)
  for (const id of ids) await before.send(id, addItem(id, items))
  await untilWritten()
  await before.close()
  const running = await subject.open(folder)
  const figures = await each("snapshot", ids, items + 1, stateOf(running), faults)
  await running.close()
  return { figures, faults }
}

/** Each load meets an instance that is not in memory. */
export const ofSubject = async (subject: Subject, events: number, folder: string): Promise<Measurement> => {
  const faults: Array<string> = []
  const ids = names(loads + 1)
  // Three items come with the first event.
  const items = events + 2
  await subject.seed(folder, ids, events)
  const running = await subject.open(folder)
  let figures: Figures = await each("load", ids, items, stateOf(running), faults)
  const { asOf } = running
  if (asOf !== undefined) {
    // Before any snapshot: a question after the past reads the whole stream too.
    const load: Load = async (id) => (await asOf(id, Date.now())).itemCount
    figures = { ...figures, ...await each("asOf", ids, items, load, faults) }
  }
  await running.close()
  if (subject.name === "nexus") {
    const more = await snapshots(subject, folder, ids, items)
    figures = { ...figures, ...more.figures }
    faults.push(...more.faults)
  }
  return { subject: subject.name, workload: "W4", figures: { count: events, ...figures }, faults }
}

/** The limit: one statement reads the rows, each payload is parsed. */
export const ofRaw = async (events: number, folder: string): Promise<Measurement> => {
  const faults: Array<string> = []
  const ids = names(loads + 1)
  table.seed(folder, ids, events)
  const db = table.open(folder)
  const read = db.prepare("SELECT version, type, payload FROM events WHERE stream = ? ORDER BY version")
  const load: Load = (id) => {
    let items = 2
    for (const row of read.all(id)) if (JSON.parse(String(row["payload"])) !== null) items++
    return Promise.resolve(items)
  }
  const figures = await each("load", ids, events + 2, load, faults)
  db.close()
  return { subject: "raw", workload: "W4", figures: { count: events, ...figures }, faults }
}
