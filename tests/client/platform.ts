/**
 * A platform whose time stands still until everything waits, for the client's tests.
 * @module
 */
import type { Platform, SocketConstructor } from "../../edge/client/Platform.ts"

export interface TestPlatform extends Platform {
  /** Lets time pass until the promise has settled; fails where nothing would ever happen. */
  readonly settle: <A>(promise: Promise<A>) => Promise<A>
  /** Lets whatever is due in so many milliseconds happen. */
  readonly pass: (ms: number) => Promise<void>
}

/** The same numbers for the same seed. Source: mulberry32. */
export const chance = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Until no promise that is kept can go on by itself. */
const quiet = async (): Promise<void> => {
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve))
}

export const make = (
  parts: { readonly fetch?: Platform["fetch"]; readonly webSocket?: SocketConstructor; readonly seed?: number } = {},
): TestPlatform => {
  let now = 1_700_000_000_000
  const timers = new Set<{ readonly at: number; readonly f: () => void }>()
  const next = () => [...timers].toSorted((a, b) => a.at - b.at)[0]
  const fire = (timer: NonNullable<ReturnType<typeof next>>) => {
    timers.delete(timer)
    now = Math.max(now, timer.at)
    timer.f()
  }
  return {
    fetch: parts.fetch ?? (() => Promise.reject(new Error("no network"))),
    webSocket: parts.webSocket,
    now: () => now,
    random: chance(parts.seed ?? 1),
    after: (ms, f) => {
      const timer = { at: now + ms, f }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    settle: async (promise) => {
      let settled = false
      const done = () => settled = true
      promise.then(done, done)
      for (;;) {
        await quiet()
        if (settled) return promise
        const timer = next()
        if (timer === undefined) throw new Error("it would wait for ever")
        fire(timer)
      }
    },
    pass: async (ms) => {
      const until = now + ms
      for (;;) {
        await quiet()
        const timer = next()
        if (timer === undefined || timer.at > until) break
        fire(timer)
      }
      now = until
    },
  }
}

/** What a scripted server does with a request. */
export type Move =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }
  | "cut"
  | "hang"
  | "garbled"

export interface Asked {
  readonly url: string
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: string | undefined
  readonly atMs: number
}

const respond = (status: number, text: string, headers: Record<string, string>): Response => {
  const chunks = text === "" ? [] : [new TextEncoder().encode(text)]
  const read = () => {
    const value = chunks.shift()
    return Promise.resolve(value === undefined ? { done: true, value } : { done: false, value })
  }
  const body = { getReader: () => ({ read, cancel: () => Promise.resolve() }) }
  // Written out: the platform's own streams take turns that a test cannot wait for.
  return { status, ok: status >= 200 && status < 300, headers: new Headers(headers), body } as unknown as Response
}

export const answer = (move: Move): Promise<Response> => {
  if (move === "cut") return Promise.reject(new TypeError("connection reset"))
  if (move === "hang") return new Promise(() => {})
  if (move === "garbled") return Promise.resolve(respond(200, '{"commandId":"c', {}))
  const text = move.body === undefined ? "" : JSON.stringify(move.body)
  return Promise.resolve(respond(move.status, text, move.headers ?? {}))
}

/** Answers with one move after the other, the last one for ever, and keeps what it was asked. */
export const scripted = (...moves: ReadonlyArray<Move>) => {
  const asked: Array<Asked> = []
  const platform = make({
    fetch: (url, init) => {
      const { body, headers, method } = init as { body?: string; headers: Record<string, string>; method: string }
      asked.push({ url, method, headers, body, atMs: platform.now() })
      return answer(moves[Math.min(asked.length, moves.length) - 1]!)
    },
  })
  return { asked, platform }
}

export const problem = (
  status: number,
  slug: string,
  members: object = {},
  headers: Record<string, string> = {},
): Move => ({ status, headers, body: { type: `/problems#${slug}`, title: slug, status, detail: "d", ...members } })
