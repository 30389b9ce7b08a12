/**
 * W5: what a new projection does first: the events of all streams in the store's order, in pages, parsed.
 * @module
 */
import { collect, names } from "./commands.ts"
import { type Measurement, round } from "./Figures.ts"
import { cpuMs } from "./Flight.ts"
import type { Subject } from "./Subject.ts"
import * as table from "./subjects/table.ts"

const streamLength = 20
type Feed = (folder: string, count: number) => Promise<number> | number

const measure = async (subject: string, feed: Feed, count: number, folder: string): Promise<Measurement> => {
  // The first time in its process, as a projection meets it.
  collect()
  const [cpuBefore, startedAt] = [cpuMs(), performance.now()]
  const seen = await feed(folder, count)
  const wallMs = performance.now() - startedAt
  const figures = {
    count,
    wallMs: round(wallMs, 1),
    perSecond: Math.round(count / wallMs * 1000),
    cpuMs: round(cpuMs() - cpuBefore, 0),
  }
  const faults = seen === count ? [] : [`${seen} events were seen, ${count} are stored`]
  return { subject, workload: "W5", figures, faults }
}

const streams = (events: number) => Math.max(1, Math.round(events / streamLength))

export const ofSubject = async (subject: Subject, events: number, folder: string): Promise<Measurement> => {
  if (subject.feed === undefined) throw new Error(`${subject.name} has no feed`)
  const ids = names(streams(events))
  await subject.seed(folder, ids, streamLength)
  return measure(subject.name, subject.feed, ids.length * streamLength, folder)
}

export const ofRaw = (events: number, folder: string): Promise<Measurement> => {
  const ids = names(streams(events))
  table.seed(folder, ids, streamLength)
  return measure("raw", table.feed, ids.length * streamLength, folder)
}
