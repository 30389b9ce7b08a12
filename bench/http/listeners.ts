/**
 * The process of the listeners: `listeners.ts <url> <tokens as JSON> <sockets> <events>`; tells when the last one got each event.
 * @module
 */
import { placeOrder } from "../domain.ts"
import { quantile } from "../Flight.ts"
import { round } from "../Figures.ts"
import { post } from "./nexus.ts"
import { say } from "./Process.ts"

const [url = "", tokensText = "[]", socketsText = "0", eventsText = "1"] = Deno.args
const tokens: ReadonlyArray<string> = JSON.parse(tokensText)
const count = Number(socketsText)

interface Frame {
  readonly type: string
  readonly events?: ReadonlyArray<{ readonly id: string; readonly version: number }>
}

let got: (id: string, at: number) => void = () => {}

const open = (n: number): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/stream`, [
      "nexus.v1",
      `nexus.bearer.${tokens[n % tokens.length]!}`,
    ])
    const subscribe = { op: "subscribe", subscription: "all", aggregate: "Order" }
    socket.addEventListener("open", () => socket.send(JSON.stringify(subscribe)))
    socket.addEventListener("error", () => reject(new Error(`socket ${n} failed`)))
    socket.addEventListener("message", ({ data }) => {
      const at = performance.now()
      const frame: Frame = JSON.parse(String(data))
      if (frame.type === "subscribed") return resolve(socket)
      if (frame.type !== "events") return reject(new Error(String(data)))
      for (const { id } of frame.events!) got(id, at)
    })
  })

const sockets: Array<WebSocket> = []
// A few at a time: a thousand handshakes at once measure the queue of the listening socket.
for (let n = 0; n < count; n += 50) {
  sockets.push(...await Promise.all(Array.from({ length: Math.min(50, count - n) }, (_, i) => open(n + i))))
}

/** Milliseconds from sending one command to each socket's frame, ascending. */
const once = async (id: string): Promise<Float64Array> => {
  const times: Array<number> = []
  const all = Promise.withResolvers<void>()
  let startedAt = 0
  got = (whose, at) => {
    if (whose !== id) return
    times.push(at - startedAt)
    if (times.length === count) all.resolve()
  }
  const headers = { authorization: `Bearer ${tokens[0]!}`, "content-type": "application/json" }
  const body = JSON.stringify(placeOrder(id).payload)
  startedAt = performance.now()
  const answer = await fetch(url + post(id), { method: "POST", headers, body })
  if (answer.status !== 200) throw new Error(await answer.text())
  await all.promise
  // Nobody may get it twice either.
  await new Promise((resolve) => setTimeout(resolve, 50))
  if (times.length !== count) throw new Error(`${times.length} frames for ${count} sockets`)
  return Float64Array.from(times).toSorted()
}

const [last, half]: [Array<number>, Array<number>] = [[], []]
// The first finds the code cold.
await once("order-cold")
for (let n = 0; n < Number(eventsText); n++) {
  const sorted = await once(`order-${n}`)
  last.push(sorted.at(-1)!)
  half.push(quantile(sorted, 0.5))
}
const middle = (values: ReadonlyArray<number>) => round(quantile(Float64Array.from(values).toSorted(), 0.5), 1)
say({ count, lastMs: middle(last), p50FrameMs: middle(half), worstMs: round(Math.max(...last), 1) })
for (const socket of sockets) socket.close()
Deno.exit(0)
