/**
 * Commands over HTTP: a server and its load in processes of their own; the server's processor time is told apart.
 * @module
 */
import type { Measurement } from "../Figures.ts"
import { load } from "../registry.ts"
import { faults } from "../verify.ts"
import * as Process from "./Process.ts"

const connections = 64
/** Enough to compile the way of a request. */
const warm = 4_000

const here = new URL(".", import.meta.url)

export const of = async (name: string, count: number, folder: string): Promise<Measurement> => {
  const server = Process.start(new URL("serve.ts", here), [name, folder])
  const { headers, url } = JSON.parse(await server.line())
  const sender = Process.start(new URL("load.ts", here), [
    ...[url, JSON.stringify(headers)],
    ...[connections, warm, count].map(String),
  ])
  await sender.line()
  const before = server.cpuMs()
  await sender.write("\n")
  const { flight, loadCpuMs } = JSON.parse(await sender.line())
  const after = server.cpuMs()
  await sender.line()
  await sender.write("\n")
  const acks = JSON.parse(await sender.line())
  await sender.end()
  await server.end()
  // The timer of the flight was the sender's: it says nothing of the server.
  const { firings: _, longestGapMs: __, ...figures } = flight
  const cpuMs = before === undefined || after === undefined ? Number.NaN : after - before
  return {
    subject: name,
    workload: "http",
    figures: { ...figures, cpuMs, loadCpuMs },
    faults: name === "nexus"
      ? faults(await (await load["nexus"]!()).rows(folder), acks, warm + count)
      : acks.length === warm + count
      ? []
      : [`${acks.length} answers to ${warm + count} requests`],
  }
}
