/**
 * The client while its server is too busy, restarts, is killed, or cannot be reached: nothing is lost, nothing doubled.
 * @module
 */
import { afterEach, assert, describe, it } from "vitest"
import { connect } from "../../edge/client/client.ts"
import type { Box } from "../http/app.ts"
import * as processes from "../http/processes.ts"
import * as Cutter from "./Cutter.ts"
import * as Running from "./Running.ts"

const everything = "commands:* read history stream"
type Boxes = { Box: typeof Box }

const ids = ["l-1", "l-2", "l-3"]
const total = 150

const take = async <A>(from: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const found: Array<A> = []
  for await (const one of from) if (found.push(one) === total) break
  return found
}

/** Writes while it listens in three ways, and is disturbed until all is written. */
const converse = async (url: string, token: string, disturb: () => Promise<void>, timesMax: number): Promise<void> => {
  const client = connect<Boxes>({ url, token, bounds: { attempts: 40 } })
  const streams = [
    client.live({ after: "start" }),
    client.Box.live({ ids: { "l-1": 0, "l-2": 0, "l-3": 0 } }),
    client.Box.live(),
  ]
  await Promise.all(streams.map(({ ready }) => ready))
  const reading = Promise.all(streams.map(take))
  const write = async () => {
    for (let n = 0; n < total; n++) {
      const answer = await client.Box(ids[n % 3]!).Put({ text: String(n) })
      assert.isTrue(answer.ok && answer.version === Math.floor(n / 3) + 1, `command ${n}`)
    }
  }
  let over = false
  const writing = write().finally(() => over = true)
  writing.catch(() => {})
  let times = 0
  while (!over && times < timesMax) {
    await new Promise((resolve) => setTimeout(resolve, 30 + Math.random() * 100))
    await disturb()
    times++
  }
  await writing
  for (const events of await reading) {
    for (const id of ids) {
      const versions = events.filter((event) => event.id === id).map(({ version }) => version)
      assert.deepStrictEqual(versions, Array.from({ length: total / 3 }, (_, n) => n + 1))
    }
  }
  client.close()
  console.log(`${total} commands and ${3 * total} live events over ${times} times`)
}

describe("commands and live events come once each", () => {
  const open: Array<{ readonly close: () => unknown }> = []
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close()
    await processes.killAll()
    processes.forget()
  })

  it("over restarts", { timeout: 90_000 }, async () => {
    const server = await Running.open()
    open.push(server)
    await converse(server.url, await server.issuer.token("t", everything), server.restart, 4)
  })

  it("over wires that are cut in the middle of a word", { timeout: 90_000 }, async () => {
    const server = await Running.open()
    const wire = await Cutter.open(server.url)
    open.push(wire, server)
    await converse(wire.url, await server.issuer.token("t", everything), () => Promise.resolve(wire.cut()), 12)
  })

  it("over a process that is killed", { timeout: 90_000 }, async () => {
    const first = await processes.start()
    const kill = async () => {
      await processes.killAll()
      await processes.start({ PORT: String(first.port) })
    }
    await converse(first.url, first.token, kill, 3)
  })

  it("within a bound on their rate", { timeout: 60_000 }, async () => {
    const server = await Running.open({ commandsPerSecond: 5 })
    open.push(server)
    const token = await server.issuer.token("t", everything)
    const { Box } = connect<Boxes>({ url: server.url, token, bounds: { attempts: 40, totalMs: 50_000 } })
    const answers = await Promise.all(Array.from({ length: 15 }, () => Box("q-1").Put({ text: "x" })))
    const versions = answers.map((answer) => answer.ok && answer.version)
    assert.sameMembers(versions, Array.from({ length: 15 }, (_, n) => n + 1))
  })
})
