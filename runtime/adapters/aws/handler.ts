/**
 * How AWS's clients reach AWS: HTTP/1.1 over kept connections, bounded in their number and in the bytes of an answer.
 *
 * Quicker under Deno than both of the SDK's own: of calls answered at once, 16 under way, 4,670 a second against 4,010 (its
 * handler for Node) and 3,940 (`fetch`); at 64 it takes 0.22 ms of CPU a call against 0.31 and 0.30.
 * @module
 */
import { Agent, type IncomingMessage, request as plain } from "node:http"
import { Agent as SecureAgent, request as secure } from "node:https"
import { concat } from "../../bytes.ts"

export interface Bounds {
  readonly connections: number
  readonly answerBytes: number
}

/** As the client hands it to whatever sends it. AWS's APIs that are used here have no query. */
export interface Request {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body?: unknown
}
export interface Response {
  readonly statusCode: number
  readonly headers: Record<string, string>
  /** A stream of events is handed on as it comes. */
  readonly body: Uint8Array | IncomingMessage
}

const eventStream = "application/vnd.amazon.eventstream"

const flat = (headers: IncomingMessage["headers"]): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, `${value}`]))

/** Rejects where the line is cut before the end: half an answer is none. */
const read = (stream: IncomingMessage, bytesMax: number): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const chunks: Array<Uint8Array> = []
    let length = 0
    stream.on("data", (chunk: Uint8Array) => {
      length += chunk.length
      if (length > bytesMax) stream.destroy(new Error(`an answer of more than ${bytesMax} bytes`))
      else chunks.push(chunk)
    })
    stream.once("end", () => resolve(concat(chunks, length)))
    stream.once("error", reject)
    stream.once("close", () => reject(Object.assign(new Error("cut"), { code: "ECONNRESET" })))
  })

export const make = ({ answerBytes, connections }: Bounds) => {
  const how = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections }
  const [agent, secureAgent] = [new Agent(how), new SecureAgent(how)]
  return {
    metadata: { handlerProtocol: "http/1.1" },
    handle: (
      { body, headers, hostname, method, path, port, protocol }: Request,
      { abortSignal }: { readonly abortSignal?: unknown } = {},
    ): Promise<{ response: Response }> =>
      new Promise((resolve, reject) => {
        const signal = abortSignal instanceof AbortSignal ? abortSignal : undefined
        // In an address IPv6 stands in brackets, in a look-up without.
        const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname
        const where = { hostname: host, method, path, headers, ...port === undefined ? {} : { port } }
        let answer: IncomingMessage | undefined
        const answered = (stream: IncomingMessage) => {
          answer = stream
          const [statusCode, headers] = [stream.statusCode ?? 0, flat(stream.headers)]
          const isStream = headers["content-type"] === eventStream
          // One that is given up may have no reader yet who hears of it.
          if (isStream) stream.on("error", () => undefined)
          const body = isStream ? Promise.resolve(stream) : read(stream, answerBytes)
          body.then((body) => resolve({ response: { statusCode, headers, body } }), reject)
        }
        const sent = protocol === "https:"
          ? secure({ ...where, agent: secureAgent }, answered)
          : plain({ ...where, agent }, answered)
        // Deno would send a request again, whatever it was, where a kept connection is cut before the answer.
        sent.once("socket", () => sent.reusedSocket = false)
        // Not once: one that is given up may say so twice.
        sent.on("error", reject)
        if (signal === undefined) return void sent.end(body as string | Uint8Array | undefined)
        // Not the request's own `signal`: behind the answer it fails the connection itself, whose error nobody hears.
        const giveUp = () => {
          if (answer !== undefined) answer.destroy()
          else sent.destroy(Object.assign(new Error("given up"), { name: "AbortError" }))
        }
        signal.addEventListener("abort", giveUp, { once: true })
        sent.once("close", () => signal.removeEventListener("abort", giveUp))
        if (signal.aborted) return giveUp()
        sent.end(body as string | Uint8Array | undefined)
      }),
    /** Ends what is under way. */
    destroy: () => {
      agent.destroy()
      secureAgent.destroy()
    },
  }
}
