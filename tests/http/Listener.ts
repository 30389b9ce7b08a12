/**
 * A client of `/v1/stream` for tests: keeps what it is told, and waits for more.
 * @module
 */
import { assert } from "vitest"
import { type ClientOptions, WebSocket } from "ws"
import type { Target } from "./Target.ts"

export interface Frame {
  readonly type: string
  readonly subscription?: string
  readonly position?: string
  readonly events?: ReadonlyArray<Item>
  readonly problem?: Readonly<Record<string, unknown>>
}

export interface Item {
  readonly aggregate: string
  readonly id: string
  readonly version: number
  readonly type: string
  readonly payload: Readonly<Record<string, unknown>>
}

export interface Listener {
  readonly ws: WebSocket
  readonly frames: ReadonlyArray<Frame>
  /** As they came, and when, in milliseconds of this process. */
  readonly texts: ReadonlyArray<string>
  readonly times: ReadonlyArray<number>
  readonly send: (message: unknown) => void
  /** The events of a subscription so far, in order. */
  readonly events: (subscription?: string) => ReadonlyArray<Item>
  readonly until: (is: () => boolean, what: string) => Promise<void>
  /** Subscribes and waits for the answer. */
  readonly subscribe: (message: object, subscription?: string) => Promise<Frame>
  /** The code with which it ended. */
  readonly ended: Promise<number>
  readonly close: () => Promise<number>
}

export interface Options {
  readonly token?: string
  readonly protocols?: ReadonlyArray<string>
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly origin?: string
}

const waitMaxMs = 20_000

const dial = ({ port }: Pick<Target, "port">, options: Options): WebSocket => {
  const { headers = {}, origin, protocols, query = "", token } = options
  const offered = protocols ?? (token === undefined ? [] : ["nexus.v1", `nexus.bearer.${token}`])
  const more: ClientOptions = { headers, perMessageDeflate: false, ...origin === undefined ? {} : { origin } }
  return new WebSocket(`ws://127.0.0.1:${port}/v1/stream${query}`, [...offered], more)
}

/** What an upgrade that is not granted is answered with. */
export const refused = (target: Pick<Target, "port">, options: Options) =>
  new Promise<{ readonly status: number; readonly headers: Headers; readonly text: string }>((resolve, reject) => {
    const ws = dial(target, options)
    ws.on("open", () => {
      ws.terminate()
      reject(new Error("the socket was granted"))
    })
    ws.on("error", () => {})
    ws.on("unexpected-response", (_request, response) => {
      let text = ""
      response.on("data", (chunk) => text += chunk)
      response.on("end", () => {
        const headers = new Headers()
        for (const [name, value] of Object.entries(response.headers)) headers.set(name, String(value))
        resolve({ status: response.statusCode ?? 0, headers, text })
      })
    })
  })

export const open = async (target: Pick<Target, "port">, options: Options): Promise<Listener> => {
  const ws = dial(target, options)
  const frames: Array<Frame> = []
  const texts: Array<string> = []
  const times: Array<number> = []
  const looks = new Set<() => void>()
  ws.on("message", (data) => {
    times.push(performance.now())
    texts.push(data.toString())
    frames.push(JSON.parse(data.toString()) as Frame)
    for (const look of looks) look()
  })
  const ended = new Promise<number>((resolve) => ws.on("close", resolve))
  await new Promise<void>((resolve, reject) => {
    ws.on("open", resolve)
    ws.on("error", reject)
  })
  const until = (is: () => boolean, what: string) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => done(new Error(`not in time: ${what}; ${texts.slice(-3)}`)), waitMaxMs)
      const done = (error?: Error) => {
        clearTimeout(timer)
        looks.delete(look)
        if (error === undefined) resolve()
        else reject(error)
      }
      const look = () => is() ? done() : undefined
      looks.add(look)
      look()
    })
  const send = (message: unknown) => ws.send(typeof message === "string" ? message : JSON.stringify(message))
  return {
    ...{ ws, frames, texts, times, send, until, ended },
    events: (subscription = "s") => frames.flatMap((one) => one.subscription === subscription ? one.events ?? [] : []),
    subscribe: async (message, subscription = "s") => {
      const from = frames.length
      send({ op: "subscribe", subscription, ...message })
      const find = () => frames.slice(from).find((one) => one.subscription === subscription && one.type !== "events")
      await until(() => find() !== undefined, `an answer to the subscription ${subscription}`)
      assert.strictEqual(find()!.type, "subscribed", JSON.stringify(find()))
      return find()!
    },
    close: () => {
      ws.close()
      return ended
    },
  }
}
