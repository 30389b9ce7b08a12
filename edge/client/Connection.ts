/**
 * The one socket that all subscriptions of a client share, made again after every cut.
 *
 * A cut loses nothing: each subscription says itself, by its inbox, where to go on.
 * @module
 */
import { backoff } from "./bounds.ts"
import { parse } from "./frames.ts"
import { type Http, request } from "./http.ts"
import type { Inbox } from "./Inbox.ts"
import { failure, NexusError, ofProblem } from "./NexusError.ts"
import type { Socket } from "./Platform.ts"

/** A subscription and whom to tell of it. */
export interface Member {
  readonly inbox: Inbox
  /** Something waits in the inbox. */
  readonly wake: () => void
  /** The subscription is over, and the error says why. */
  readonly fail: (error: unknown) => void
  /** The subscription is over, as was asked. */
  readonly end: () => void
  /** The server has taken it. */
  readonly ready: () => void
}

export interface Connection {
  readonly join: (member: Member) => void
  readonly leave: (member: Member) => void
  /** The reader has made room. */
  readonly resume: (member: Member) => void
  /** Ends all subscriptions, for good. */
  readonly close: () => void
}

/** What of a member changes with every socket. */
interface Seat {
  /** On the socket of now; nothing while it is halted or waits. Each asking has its own, so that late frames find nobody. */
  name: string | undefined
  halted: boolean
  /** Refused for now, in a row. */
  refusals: number
}

const reconnectMs = 250
/** Closed for policy so often in a row, before any subscription was taken: it will not become better. */
const policyMax = 3
/** Never subscribed: asking to end it has an answer and no effect. */
const beat = "beat"

export const make = (http: Http): Connection => {
  const { bounds, platform, tokens } = http
  const seats = new Map<Member, Seat>()
  const byName = new Map<string, Member>()
  let socket: Socket | undefined
  let openAt: number | undefined
  /** Ends whatever waits: for an answer, a sign of life, the next attempt. */
  let cancel = () => {}
  /** One goes on at a time: what belongs to an older try finds another number here. */
  let tries = 0
  let underWay = false
  let closed = false
  let names = 0
  let failures = 0
  let policies = 0
  let heardAt = 0
  let asked = false
  let problem: NexusError | undefined

  const send = (message: object) => socket!.send(JSON.stringify(message))

  const remove = (member: Member) => {
    const name = seats.get(member)?.name
    seats.delete(member)
    if (name === undefined) return
    byName.delete(name)
    if (openAt !== undefined) send({ op: "unsubscribe", subscription: name })
  }

  const failAll = (error: unknown) => {
    drop()
    for (const member of [...seats.keys()]) {
      seats.delete(member)
      member.fail(error)
    }
  }

  const subscribe = (member: Member) => {
    const seat = seats.get(member)
    if (seat === undefined || openAt === undefined || seat.name !== undefined || seat.halted) return
    const name = `s${++names}`
    const message = JSON.stringify({ op: "subscribe", subscription: name, ...member.inbox.wish() })
    if (new TextEncoder().encode(message).length > bounds.messageBytes) {
      seats.delete(member)
      return member.fail(failure("message-too-large", `a subscription has more than ${bounds.messageBytes} bytes`))
    }
    seat.name = name
    byName.set(name, member)
    socket!.send(message)
  }

  /** A browser cannot stop reading: what comes while the reader is slow is asked for again later instead. */
  const halt = (seat: Seat) => {
    const { name } = seat
    seat.halted = true
    seat.name = undefined
    byName.delete(name!)
    send({ op: "unsubscribe", subscription: name })
  }

  const refused = (member: Member, seat: Seat, error: NexusError) => {
    byName.delete(seat.name!)
    seat.name = undefined
    const later = error.status === 429 || error.status >= 500
    if (!later || ++seat.refusals >= bounds.attempts) {
      seats.delete(member)
      return member.fail(error)
    }
    const waitMs = (error.retryAfterSeconds ?? 0) * 1_000 +
      backoff(platform, { baseMs: reconnectMs, failures: seat.refusals, maxMs: bounds.reconnectMaxMs })
    platform.after(waitMs, () => subscribe(member))
  }

  const heard = (data: unknown) => {
    heardAt = platform.now()
    asked = false
    const frame = parse(data)
    // What cannot be read may have been events: they are asked for again.
    if (frame === undefined) return void lost(1007, undefined)
    const member = frame.subscription === undefined ? undefined : byName.get(frame.subscription)
    const seat = member && seats.get(member)
    if (frame.type === "problem" && frame.subscription === undefined) problem = errorOf(frame.problem)
    if (member === undefined || seat === undefined) return
    if (frame.type === "problem") return refused(member, seat, errorOf(frame.problem))
    policies = 0
    if (frame.type === "subscribed") {
      seat.refusals = 0
      member.inbox.begun(frame.position)
      member.ready()
    }
    if (frame.type === "events") {
      failures = 0
      member.inbox.put(frame.events, frame.position, (data as string).length)
      member.wake()
      if (seats.get(member) === seat && member.inbox.isFull()) halt(seat)
    }
  }

  /** Forgets the socket; nothing of it is heard any more. */
  const drop = () => {
    tries++
    cancel()
    underWay = false
    openAt = undefined
    byName.clear()
    for (const seat of seats.values()) seat.name = undefined
    if (socket === undefined) return
    const old = socket
    socket = undefined
    old.onopen = old.onmessage = old.onclose = null
    // An error without a listener ends a process that uses the package `ws`.
    old.onerror = () => {}
    old.close(1000)
  }

  const lost = async (code: number, token: string | undefined) => {
    const lived = openAt === undefined ? undefined : platform.now() - openAt
    drop()
    const now = tries
    underWay = true
    failures = lived !== undefined && lived > bounds.reconnectMaxMs ? 1 : failures + 1
    policies = code === 1008 ? policies + 1 : 0
    if (code === 1008 && token !== undefined) tokens.renew(token)
    const error = code === 1009
      ? failure("message-too-large", "the server does not take a message of that size")
      : policies > policyMax
      ? problem ?? failure("unauthorized", "the server closes the socket for policy: the token is not good for it")
      : failures > bounds.reconnects
      ? failure("unreachable", `${failures} attempts to make the socket failed`, {}, problem)
      : lived === undefined
      ? await whyNot()
      : undefined
    if (now !== tries) return
    if (error !== undefined) return failAll(error)
    const waitMs = backoff(platform, { baseMs: reconnectMs, failures: failures - 1, maxMs: bounds.reconnectMaxMs })
    // 1013 asks for patience, and the problem before it may say how much.
    const leastMs = Math.max(code === 1013 ? 1_000 : 0, (problem?.retryAfterSeconds ?? 0) * 1_000)
    cancel = platform.after(Math.max(waitMs, leastMs), connect)
  }

  /** A browser does not say why a socket was refused: a ticket for one is refused for the same reasons, in words. */
  const whyNot = async (): Promise<unknown> => {
    try {
      await request({ ...http, bounds: { ...bounds, attempts: 1 } }, { method: "POST", path: "/v1/stream/tickets" })
      return undefined
    } catch (error) {
      if (!(error instanceof NexusError)) return error
      return error.status >= 400 && error.status < 500 && error.status !== 429 && error.status !== 408
        ? error
        : undefined
    }
  }

  const watch = () => {
    cancel = platform.after(bounds.silenceMs, () => {
      if (platform.now() - heardAt >= bounds.silenceMs) {
        if (asked) return void lost(1006, undefined)
        asked = true
        send({ op: "unsubscribe", subscription: beat })
      }
      watch()
    })
  }

  const connect = async () => {
    drop()
    const now = tries
    underWay = true
    problem = undefined
    if (platform.webSocket === undefined) {
      return failAll(failure("no-web-socket", "this platform has no WebSocket: pass one as `webSocket`"))
    }
    cancel = platform.after(bounds.openMs, () => void lost(1006, undefined))
    try {
      const token = await tokens.current()
      if (now !== tries) return
      const made = new platform.webSocket(`${http.url.replace(/^http/, "ws")}/v1/stream`, [
        ...["nexus.v1", `nexus.bearer.${token}`],
      ])
      socket = made
      made.onerror = () => {}
      made.onclose = ({ code }: { readonly code: number }) => void lost(code, token)
      made.onmessage = ({ data }: { readonly data: unknown }) => heard(data)
      made.onopen = () => {
        cancel()
        openAt = heardAt = platform.now()
        asked = false
        watch()
        for (const member of [...seats.keys()]) subscribe(member)
      }
    } catch (error) {
      if (now === tries) failAll(error)
    }
  }

  const leave = (member: Member) => {
    remove(member)
    if (seats.size === 0) drop()
  }
  return {
    join: (member) => {
      if (closed) return member.end()
      if (seats.size >= bounds.subscriptions) {
        return member.fail(failure("too-many-subscriptions", `a client has at most ${bounds.subscriptions}`))
      }
      seats.set(member, { name: undefined, halted: false, refusals: 0 })
      if (openAt !== undefined) subscribe(member)
      else if (!underWay) void connect()
    },
    leave,
    resume: (member) => {
      const seat = seats.get(member)
      if (seat?.halted !== true) return
      seat.halted = false
      subscribe(member)
    },
    close: () => {
      closed = true
      for (const member of [...seats.keys()]) member.end()
      drop()
    },
  }
}

const errorOf = (problem: unknown): NexusError => {
  const status = Number((problem as { readonly status?: unknown } | null)?.status)
  return ofProblem(status, problem) ?? failure("unexpected-answer", "the server refused without a problem")
}
