/**
 * A proxy that misbehaves: put before an engine by configuring its address alone, it does to each request what a test says.
 *
 * What the engine did and what the caller is told are two things here: `drop` and `truncate` let it act first, all others
 * but `rewrite` keep the request from it. What is not broken is handed on as it comes, in the bytes that come.
 * @module
 */
import { Agent, createServer, type IncomingMessage, request as send, type ServerResponse } from "node:http"
import { Buffer } from "node:buffer"
import type { AddressInfo, Socket } from "node:net"
import { pipeline } from "node:stream/promises"

/** What came in; headers in lower case. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** As text; the engine is given the bytes. */
  readonly body: string
  /** Requests before this one. */
  readonly index: number
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

export type Fault =
  /** The engine acts; its answer never leaves, the connection is cut. */
  | { readonly kind: "drop" }
  /** Cut at once. */
  | { readonly kind: "refuse" }
  /** Taken, and never answered. */
  | { readonly kind: "hang" }
  /** The engine is asked after so long. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Answered in the engine's stead: throttling and errors in the service's own words, HTML, a redirect. */
  | { readonly kind: "answer"; readonly answer: Answer }
  /** `bytes` of a JSON text that has no end, as fast as they are taken. */
  | { readonly kind: "huge"; readonly bytes: number }
  /** The engine acts; half of its body comes under its whole length, then the connection is cut. */
  | { readonly kind: "truncate" }
  /** The engine acts, on `ask` of the body where that is given; the caller is told something else. */
  | { readonly kind: "rewrite"; readonly ask?: (body: string) => string; readonly to: (answer: Answer) => Answer }

const html = "<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>"

export const faults = {
  drop: { kind: "drop" },
  refuse: { kind: "refuse" },
  hang: { kind: "hang" },
  truncate: { kind: "truncate" },
  delay: (ms: number) => ({ kind: "delay", ms }),
  huge: (bytes: number) => ({ kind: "huge", bytes }),
  answer: (status: number, body: string, headers: Readonly<Record<string, string>> = {}) => ({
    ...{ kind: "answer", answer: { status, headers, body } },
  }),
  /** A proxy's page, under whatever status: 200 is the meanest. */
  html: (status: number) => ({
    ...{ kind: "answer", answer: { status, headers: { "content-type": "text/html" }, body: html } },
  }),
  redirect: (location: string) => ({ kind: "answer", answer: { status: 307, headers: { location }, body: "" } }),
  rewrite: (to: (answer: Answer) => Answer, ask?: (body: string) => string) => ({
    ...{ kind: "rewrite", to },
    ...ask === undefined ? {} : { ask },
  }),
} as const satisfies Readonly<Record<string, Fault | ((...args: ReadonlyArray<never>) => Fault)>>

export interface Proxy {
  readonly url: string
  /** What happens to requests from now on; nothing where it gives nothing. */
  readonly on: (fault: (asked: Asked) => Fault | undefined) => void
  /** All that came, oldest first; the last thousand. */
  readonly asked: ReadonlyArray<Asked>
  /** Cuts all that is open, answers under way too. */
  readonly cut: () => void
  readonly stop: () => Promise<void>
}

const askedMax = 1_000

const read = async (stream: IncomingMessage): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const flat = (headers: IncomingMessage["headers"]): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, `${value}`]))

/** Of one connection, not of the message. */
const hops = ["connection", "keep-alive", "transfer-encoding"]
const without = (headers: Readonly<Record<string, string>>, ...names: ReadonlyArray<string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))

/** The start of the engine's answer. The host stays the caller's, for signatures hold it. */
const ask = (target: URL, agent: Agent, asked: Asked, body: Buffer): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = target
    const { headers, method, path } = asked
    // Plain text alone can be rewritten and cut where it is meant to be.
    const kept = { ...without(headers, "accept-encoding", ...hops), "content-length": `${body.length}` }
    const request = send({ hostname, port, method, path, headers: kept, agent }, resolve)
    request.once("error", (error) => {
      // An engine that had just closed a connection on which nothing happened has not seen this.
      if (request.reusedSocket) ask(target, agent, asked, body).then(resolve, reject)
      else reject(error)
    })
    request.end(body)
  })

/** Whichever side ends early ends the other. */
const handOn = (from: IncomingMessage, response: ServerResponse): Promise<void> => {
  response.writeHead(from.statusCode ?? 0, without(flat(from.headers), ...hops))
  return pipeline(from, response)
}

const whole = (response: ServerResponse, { body, headers, status }: Answer): void => {
  const { "content-length": _, ...rest } = headers ?? {}
  response.writeHead(status, { ...rest, "content-length": Buffer.byteLength(body) }).end(body)
}

/** Heeds the reader: what is not taken is not made. */
const pour = (response: ServerResponse, bytes: number): void => {
  response.writeHead(200, { "content-type": "application/json" })
  const chunk = Buffer.alloc(64 * 1024, "[1,")
  let left = bytes
  const more = () => {
    while (left > 0) {
      left -= chunk.length
      if (!response.write(chunk)) return
    }
    response.end()
  }
  response.on("drain", more)
  more()
}

/** Serves on a free port of loopback before `engine`, of whose address only host and port matter. */
export const proxy = async (engine: string): Promise<Proxy> => {
  const target = new URL(engine)
  const agent = new Agent({ keepAlive: true })
  const asked: Array<Asked> = []
  const sockets = new Set<Socket>()
  let count = 0
  let faultOf: (asked: Asked) => Fault | undefined = () => undefined

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const bytes = await read(request)
    const { method = "", url: path = "" } = request
    const one: Asked = { method, path, headers: flat(request.headers), body: bytes.toString("utf8"), index: count++ }
    asked.push(one)
    if (asked.length > askedMax) asked.shift()
    const fault = faultOf(one)
    if (fault?.kind === "hang") return
    if (fault?.kind === "refuse") return void request.socket.destroy()
    if (fault?.kind === "answer") return whole(response, fault.answer)
    if (fault?.kind === "huge") return pour(response, fault.bytes)
    if (fault?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, fault.ms))
    const isEdited = fault?.kind === "rewrite" && fault.ask !== undefined
    const from = await ask(target, agent, one, isEdited ? Buffer.from(fault.ask!(one.body)) : bytes)
    if (fault === undefined || fault.kind === "delay") return handOn(from, response)
    const all = await read(from)
    if (fault.kind === "drop") return void request.socket.destroy()
    const headers = without(flat(from.headers), ...hops)
    const status = from.statusCode ?? 0
    if (fault.kind === "rewrite") return whole(response, fault.to({ status, headers, body: all.toString("utf8") }))
    response.writeHead(status, { ...headers, "content-length": Math.max(1, all.length) })
    response.write(all.subarray(0, all.length / 2), () => request.socket.destroy())
  }
  const server = createServer((request, response) => {
    // An engine that is gone is, to the caller, one that cuts the line.
    handle(request, response).catch(() => void request.socket.destroy())
  })
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    cut,
    url: `http://127.0.0.1:${port}${target.pathname === "/" ? "" : target.pathname}`,
    on: (next) => faultOf = next,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        cut()
        agent.destroy()
      }),
  }
}
