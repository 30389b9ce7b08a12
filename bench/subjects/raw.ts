/**
 * The limit: nothing but inserts, 256 rows a transaction, fsynced; no decisions, no reads, no answers.
 * @module
 */
import { eventOf, type Request } from "../domain.ts"
import { cpuMs, type Flight, summarize } from "../Flight.ts"
import type { Commands } from "../workloads.ts"
import * as table from "./table.ts"

const rowsPerTransaction = 256
/** Enough for a 99th percentile that is not simply the worst commit. */
const rowsAtLeast = 40_960
/** Before the clock starts. */
const warmTransactions = 80

/**
 * Inserts the rows that the workload would store, or more of the same; one latency is one transaction.
 *
 * The payload's text is made once: making texts is part of what the limit leaves out.
 */
export const run = (folder: string, workload: Commands): { readonly flight: Flight; readonly stored: number } => {
  const { instances, events } = workload.warm
  table.seed(folder, Array.from({ length: instances }, (_, n) => `w-${n}`), events)
  const transactions = Math.ceil(Math.max(workload.commands, rowsAtLeast) / rowsPerTransaction)
  const stored = (warmTransactions + transactions) * rowsPerTransaction
  const [, request]: readonly [string, Request] = workload.command(0, instances)
  const payload = JSON.stringify(request.payload)
  const type = eventOf[request.command]
  const versions = new Map<string, number>()
  const rows = Array.from({ length: stored }, (_, n) => {
    const [id] = workload.command(n, instances)
    const version = (versions.get(id) ?? (instances === 0 ? 0 : events)) + 1
    versions.set(id, version)
    return [id, version, type, payload] as const
  })

  const db = table.open(folder)
  const [begin, insert, commit] = [db.prepare("BEGIN IMMEDIATE"), db.prepare(table.insert), db.prepare("COMMIT")]
  const insertRows = (t: number): void => {
    begin.run()
    for (let n = t * rowsPerTransaction; n < (t + 1) * rowsPerTransaction; n++) insert.run(...rows[n]!)
    commit.run()
  }
  for (let t = 0; t < warmTransactions; t++) insertRows(t)
  const latencies = new Float64Array(transactions)
  const cpuBefore = cpuMs()
  const startedAt = performance.now()
  for (let t = 0; t < transactions; t++) {
    const transactionAt = performance.now()
    insertRows(warmTransactions + t)
    latencies[t] = performance.now() - transactionAt
  }
  const count = transactions * rowsPerTransaction
  const flight = summarize(count, performance.now() - startedAt, cpuMs() - cpuBefore, latencies, {
    firings: 0,
    longestGapMs: 0,
  })
  db.close()
  return { flight, stored: instances * events + stored }
}
