/**
 * Many sockets on one server process, each subscribed to all events, and how long one event takes to reach them all.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { embeddedKey } from "../../edge/deno.ts"
import * as embedded from "../../edge/embedded.ts"
import * as Listener from "../http/Listener.ts"

export interface Heard {
  readonly sockets: number
  /** Milliseconds from the sending of a command to the arrival of its event, the first and the last socket's. */
  readonly rounds: ReadonlyArray<{ readonly firstMs: number; readonly lastMs: number }>
  /** How many were told twice, or of something else. */
  readonly wrong: number
}

const socketsPerPrincipal = 5
/** Handshakes under way at once. */
const width = 50

const serve = async (folder: string) => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tests/http/main.ts"],
    env: { NEXUS_DATA: folder, PORT: "0", NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn()
  let text = ""
  const reader = child.stdout.getReader()
  while (!/127\.0\.0\.1:(\d+)/.test(text)) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`the server did not start: ${text}`)
    text += new TextDecoder().decode(value)
  }
  const drained = (async () => {
    while (!(await reader.read()).done);
  })()
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(text)![1])
  const stop = async () => {
    child.kill("SIGTERM")
    await child.status
    await drained
  }
  return { port, stop }
}

export const crowd = async (sockets: number, rounds: number): Promise<Heard> => {
  const folder = mkdtempSync(join(tmpdir(), "nexus-crowd-"))
  const server = await serve(folder)
  const listeners: Array<Listener.Listener> = []
  try {
    const key = await embeddedKey(folder)
    const token = (subject: string) =>
      embedded.mint(key, { tenant: "t", subject, scope: "stream commands:*", ttlSeconds: 600, nowMs: Date.now() })
    const open = async (n: number) => {
      const listener = await Listener.open(server, { token: await token(`s${Math.floor(n / socketsPerPrincipal)}`) })
      await listener.subscribe({ aggregate: "Box" })
      listeners.push(listener)
    }
    for (let n = 0; n < sockets; n += width) {
      await Promise.all(Array.from({ length: Math.min(width, sockets - n) }, (_, i) => open(n + i)))
    }
    const writer = await token("writer")
    const measured: Array<{ firstMs: number; lastMs: number }> = []
    for (let round = 1; round <= rounds; round++) {
      const sent = performance.now()
      await fetch(`http://127.0.0.1:${server.port}/v1/Box/a/commands/Put`, {
        method: "POST",
        headers: { authorization: `Bearer ${writer}`, "content-type": "application/json" },
        body: '{"text":"x"}',
      })
      await Promise.all(listeners.map((one) => one.until(() => one.events().length >= round, `event ${round}`)))
      const arrived = listeners.map(({ times }) => times.at(-1)! - sent)
      measured.push({ firstMs: Math.min(...arrived), lastMs: Math.max(...arrived) })
    }
    const wrong = listeners.filter((one) => one.events().some(({ version }, i) => version !== i + 1)).length
    return { sockets: listeners.length, rounds: measured, wrong }
  } finally {
    for (const { ws } of listeners) ws.terminate()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
