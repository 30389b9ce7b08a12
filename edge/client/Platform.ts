/**
 * What the client needs of the place it runs in: a way to ask, sockets, a clock, chance. Tests bring their own.
 * @module
 */

/** As much of a `WebSocket` as is used; the browser's, Deno's, Node's (from 22) and that of the package `ws` fit. */
export interface Socket {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string): void
  close(code?: number, reason?: string): void
}

export type SocketConstructor = new (url: string, protocols: Array<string>) => Socket

export interface Platform {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly webSocket: SocketConstructor | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  /** Calls `f` once `ms` have passed, unless what it gives back was called first. */
  readonly after: (ms: number, f: () => void) => () => void
}

/** The platform as it is, with what the user chose in place of its own. */
export const here = (chosen: {
  readonly fetch?: Platform["fetch"] | undefined
  readonly webSocket?: SocketConstructor | undefined
}): Platform => {
  const own = globalThis as unknown as { readonly WebSocket?: SocketConstructor }
  const { fetch = (url: string, init: RequestInit) => globalThis.fetch(url, init) } = chosen
  return {
    // Called as a plain function: the browser's own refuses to be anybody's method.
    fetch: (url, init) => fetch(url, init),
    webSocket: chosen.webSocket ?? own.WebSocket,
    now: () => Date.now(),
    random: () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32,
    after: (ms, f) => {
      const timer = setTimeout(f, ms)
      return () => clearTimeout(timer)
    },
  }
}

/** Waits; rejects with the signal's reason as soon as it is aborted. */
export const pause = (platform: Platform, ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const aborted = () => {
      cancel()
      reject(signal!.reason)
    }
    const cancel = platform.after(ms, () => {
      signal?.removeEventListener("abort", aborted)
      resolve()
    })
    signal?.addEventListener("abort", aborted, { once: true })
  })
