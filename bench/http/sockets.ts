/**
 * Sockets: one process serves, another one holds many sockets and sends a command; each socket gets its event.
 * @module
 */
import type { Measurement } from "../Figures.ts"
import * as Process from "./Process.ts"

const events = 5
/** A principal may hold so many. */
const socketsPerPrincipal = 5

const here = new URL(".", import.meta.url)

export const of = async (count: number, folder: string): Promise<Measurement> => {
  const principals = Math.ceil(count / socketsPerPrincipal)
  const server = Process.start(new URL("serve.ts", here), ["nexus", folder, String(principals)])
  const { tokens, url } = JSON.parse(await server.line())
  const listeners = Process.start(new URL("listeners.ts", here), [
    url,
    JSON.stringify(tokens),
    String(count),
    String(events),
  ])
  const figures = JSON.parse(await listeners.line())
  await listeners.end()
  await server.end()
  // Whoever missed an event, or got one twice, ended the listeners without figures.
  return { subject: "nexus", workload: "sockets", figures, faults: [] }
}
