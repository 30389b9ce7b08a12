/**
 * A server of `/v1/stream` for the client's tests: tells late, repeats itself after a resume, and can be cut at any time.
 * @module
 */
import type { Socket, SocketConstructor } from "../../edge/client/Platform.ts"
import type { TestPlatform } from "./platform.ts"

export interface Event {
  readonly aggregate: string
  readonly id: string
  readonly version: number
}

interface Subscription {
  readonly name: string
  readonly aggregate: string | undefined
  readonly versions: Map<string, number> | undefined
  cursor: number
}

interface Message {
  readonly op: "subscribe" | "unsubscribe"
  readonly subscription: string
  readonly aggregate?: string
  readonly ids?: Record<string, number>
  readonly after?: string
}

export interface Connected {
  readonly url: string
  readonly protocols: ReadonlyArray<string>
  readonly messages: Array<Message>
  readonly isOpen: () => boolean
  /** From the server. */
  readonly cut: (code: number) => void
  /** A text goes out as it is. */
  readonly say: (frame: object | string) => void
  /** From now on nothing comes through, and nobody is told. */
  readonly silence: () => void
}

export interface FakeStream {
  readonly webSocket: SocketConstructor
  readonly sockets: Array<Connected>
  readonly publish: (aggregate: string, id: string) => void
  readonly log: ReadonlyArray<Event>
  /** The newest socket. */
  readonly last: () => Connected
}

export interface Options {
  readonly platform: () => TestPlatform
  readonly random: () => number
  /** Whether a socket may be opened; a number: it is closed with this code instead. */
  readonly opens?: () => boolean | number
  /** Instead of the usual answer to a subscription. */
  readonly refuse?: (message: Message) => object | undefined
  readonly frameEvents?: number
}

export const make = ({ frameEvents = 5, opens = () => true, platform, random, refuse }: Options): FakeStream => {
  const log: Array<Event> = []
  const sockets: Array<Connected> = []
  /** What came before the first "from now on" is no repetition. */
  let floor = Infinity
  const upTo = (most: number) => Math.floor(random() * (most + 1))

  class FakeSocket implements Socket {
    onopen: Socket["onopen"] = null
    onmessage: Socket["onmessage"] = null
    onclose: Socket["onclose"] = null
    onerror: Socket["onerror"] = null
    private state: "opening" | "open" | "silent" | "closed" = "opening"
    private readonly subscriptions = new Map<string, Subscription>()
    private readonly messages: Array<Message> = []

    constructor(url: string, protocols: Array<string>) {
      sockets.push({
        ...{ url, protocols, messages: this.messages, isOpen: () => this.state === "open" },
        cut: (code) => this.cut(code),
        say: (frame) => this.say(frame),
        silence: () => void (this.state = "silent"),
      })
      platform().after(upTo(50), () => {
        if (this.state !== "opening") return
        const opened = opens()
        if (opened !== true) return this.cut(opened || 1006)
        this.state = "open"
        this.onopen?.(undefined as never)
        this.tell()
      })
    }

    send(data: string): void {
      const message = JSON.parse(data) as Message
      this.messages.push(message)
      const { after, aggregate, ids, op, subscription: name } = message
      if (this.state !== "open") return
      if (op === "unsubscribe") {
        this.subscriptions.delete(name)
        return this.say({ type: "unsubscribed", subscription: name })
      }
      const refusal = refuse?.(message)
      if (refusal !== undefined) return this.say({ type: "problem", subscription: name, problem: refusal })
      if (after === undefined) floor = Math.min(floor, log.length)
      const at = after === undefined ? log.length : after === "start" ? 0 : Number(after)
      this.say({ type: "subscribed", subscription: name, position: String(log.length) })
      // What was told before a resume may be told again.
      const cursor = after === undefined ? at : Math.max(floor === Infinity ? 0 : floor, at - upTo(4))
      const again = Object.entries(ids ?? {}).map(([id, version]) => [id, Math.max(0, version - upTo(2))] as const)
      this.subscriptions.set(name, { name, aggregate, cursor, versions: ids && new Map(again) })
    }

    close(): void {
      this.state = "closed"
    }

    private cut(code: number): void {
      if (this.state === "closed") return
      this.state = "closed"
      this.onclose?.({ code } as never)
    }

    private say(frame: object | string): void {
      const data = typeof frame === "string" ? frame : JSON.stringify(frame)
      if (this.state === "open") this.onmessage?.({ data } as never)
    }

    private tell(): void {
      if (this.state === "closed") return
      for (const one of [...this.subscriptions.values()]) {
        const events = this.next(one)
        const frame = { type: "events", subscription: one.name, events, position: String(one.cursor) }
        if (events.length > 0) this.say(frame)
      }
      platform().after(1 + upTo(40), () => this.tell())
    }

    private next(one: Subscription): ReadonlyArray<Event> {
      const found: Array<Event> = []
      const most = 1 + upTo(frameEvents - 1)
      const { versions } = one
      for (let at = versions === undefined ? one.cursor : 0; at < log.length && found.length < most; at++) {
        const event = log[at]!
        one.cursor = Math.max(one.cursor, at + 1)
        if (one.aggregate !== undefined && event.aggregate !== one.aggregate) continue
        if (versions !== undefined && !(event.version > (versions.get(event.id) ?? Infinity))) continue
        versions?.set(event.id, event.version)
        found.push(event)
      }
      return found
    }
  }

  return {
    webSocket: FakeSocket,
    sockets,
    log,
    publish: (aggregate, id) => {
      const version = log.filter((event) => event.aggregate === aggregate && event.id === id).length + 1
      log.push({ aggregate, id, version })
    },
    last: () => sockets.at(-1)!,
  }
}
