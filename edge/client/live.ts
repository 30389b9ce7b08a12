/**
 * A live subscription as its reader sees it: an endless series of events that survives every cut.
 * @module
 */
import type { Bounds } from "./bounds.ts"
import type { Connection, Member } from "./Connection.ts"
import type { LiveEvent, Wish } from "./frames.ts"
import * as Inbox from "./Inbox.ts"

export interface LiveOptions<Type extends string = string> {
  /** Where to go on: a `position` that an earlier subscription had, or `start`. Absent: from now on. */
  readonly after?: string
  /** Only events of these types. */
  readonly types?: ReadonlyArray<Type>
  /** Ends the series, without an error. */
  readonly signal?: AbortSignal
}

export interface LiveOfOptions<Type extends string = string> extends LiveOptions<Type> {
  /**
   * Only these instances, each behind a version: 0 is from its first event, null from now on (one read of its state,
   * scope `read`). Not beside `after`.
   */
  readonly ids?: { readonly [id: string]: number | null }
}

/**
 * Each event once, those of an instance in order of their versions. One reader.
 *
 * It asks for events at once, not when it is first read. What it cannot go on after is thrown, once, as a `NexusError`.
 */
export interface Live<E> extends AsyncIterableIterator<E, undefined> {
  /** Once the server has taken the subscription: from here on nothing is missed. */
  readonly ready: Promise<void>
  /** Give it to `after` to go on behind what was read; some of it may come again then, but nothing is missed. */
  readonly position: string | undefined
  /** The version read last, by id; give them to `ids` to go on. Empty where the subscription is not by ids. */
  readonly versions: { readonly [id: string]: number }
  /** Ends the series. */
  readonly close: () => void
}

type Result = IteratorResult<LiveEvent, undefined>
interface Waiter {
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

const over: Result = { done: true, value: undefined }

export const make = (
  connection: Connection,
  bounds: Bounds,
  wish: Promise<Wish>,
  signal: AbortSignal | undefined,
): Live<LiveEvent> => {
  let inbox: Inbox.Inbox | undefined
  let ended = false
  let failed: { readonly error: unknown } | undefined
  let member: Member | undefined
  const waiters: Array<Waiter> = []
  let made = () => {}
  let refused = (_: unknown) => {}
  const ready = new Promise<void>((resolve, reject) => [made, refused] = [resolve, reject])
  // Whoever does not wait for it learns of the failure while reading.
  ready.catch(() => {})

  const end = () => {
    if (ended) return
    ended = true
    signal?.removeEventListener("abort", end)
    if (member !== undefined) connection.leave(member)
    made()
    for (const { resolve } of waiters.splice(0)) resolve(over)
  }
  /** Thrown to the reader behind what still waits. */
  const fail = (error: unknown) => {
    if (ended) return
    failed = { error }
    refused(error)
    wake()
  }
  const wake = () => {
    while (waiters.length > 0) {
      const event = inbox?.take()
      if (event !== undefined) waiters.shift()!.resolve({ done: false, value: event })
      else if (failed === undefined) break
      else {
        const { error } = failed
        waiters.shift()!.reject(error)
        end()
      }
    }
    if (member !== undefined && inbox?.hasRoom()) connection.resume(member)
  }

  if (signal?.aborted) end()
  else signal?.addEventListener("abort", end, { once: true })
  wish.then((first) => {
    if (ended) return
    inbox = Inbox.make(first, bounds)
    member = { inbox, wake, fail, end, ready: made }
    connection.join(member)
  }).catch(fail)

  const live: Live<LiveEvent> = {
    ready,
    get position() {
      return inbox?.position()
    },
    get versions() {
      return inbox?.versions() ?? {}
    },
    close: end,
    next: () =>
      ended ? Promise.resolve(over) : new Promise((resolve, reject) => {
        waiters.push({ resolve, reject })
        wake()
      }),
    return: () => {
      end()
      return Promise.resolve(over)
    },
    [Symbol.asyncIterator]: () => live,
  }
  return live
}
