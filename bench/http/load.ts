/**
 * The process that sends: `load.ts <url> <headers as JSON> <connections> <warm> <count>`. Each connection is a socket that
 * is kept alive and has one request under way; a client of the standard library would cost more than a server.
 * @module
 */
import { connect, type Socket } from "node:net"
import { placeOrder } from "../domain.ts"
import { cpuMs, fly } from "../Flight.ts"
import type { Ack } from "../Subject.ts"
import { say } from "./Process.ts"

const [url = "", headersText = "{}", connections = "64", warm = "0", count = "0"] = Deno.args
const { host, hostname, port } = new URL(url)
const headers = Object.entries({ host, ...JSON.parse(headersText) }).map(([name, value]) => `${name}: ${value}\r\n`)
  .join("")

const requestOf = (id: string): string => {
  const body = JSON.stringify(placeOrder(id).payload)
  const head = `POST /v1/Order/${id}/commands/PlaceOrder HTTP/1.1\r\n${headers}content-length: ${body.length}\r\n\r\n`
  return head + body
}

/** One request at a time; all texts are ASCII. */
const open = async (): Promise<(request: string) => Promise<string>> => {
  const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true })
  socket.setEncoding("latin1")
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject))
  let text = ""
  let waiting: PromiseWithResolvers<string> | undefined
  const fail = () => waiting?.reject(new Error("the server closed the connection"))
  socket.on("close", fail).on("data", (chunk) => {
    text += chunk
    const end = text.indexOf("\r\n\r\n")
    if (end < 0) return
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, end + 2))?.[1])
    if (text.length < end + 4 + length) return
    const body = text.slice(end + 4)
    const good = text.startsWith("HTTP/1.1 200 ")
    text = ""
    if (good) waiting?.resolve(body)
    else waiting?.reject(new Error(body))
  })
  return (request) => {
    waiting = Promise.withResolvers()
    socket.write(request)
    return waiting.promise
  }
}

const free = await Promise.all(Array.from({ length: Number(connections) }, open))
const acks: Array<Ack> = []

const send = (name: string) => async (n: number): Promise<void> => {
  const id = `${name}-${n}`
  const connection = free.pop()!
  const { events, version } = JSON.parse(await connection(requestOf(id)))
  acks.push({ id, version, eventId: events[0].eventId })
  free.push(connection)
}

/** A line tells the parent to look at the server's clock; a byte from it starts the next part. */
const handshake = async (): Promise<void> => {
  say("ready")
  await Deno.stdin.read(new Uint8Array(1))
}

await fly(Number(warm), Number(connections), send("warm"))
await handshake()
const before = cpuMs()
const flight = await fly(Number(count), Number(connections), send("order"))
say({ flight, loadCpuMs: Math.round(cpuMs() - before) })
await handshake()
say(acks)
Deno.exit(0)
