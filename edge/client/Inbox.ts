/**
 * The events of one subscription between socket and reader: each once, in order, bounded, and where to go on after a cut.
 *
 * It knows no socket: what came is put in, what is read is taken out.
 * @module
 */
import type { Bounds } from "./bounds.ts"
import type { LiveEvent, Wish } from "./frames.ts"

export interface Inbox {
  /** What to ask for so that nothing is missed of what comes behind all that was put in. */
  readonly wish: () => Wish
  /** The server counts from here; matters where "from now on" was asked for. */
  readonly begun: (position: string | undefined) => void
  /** `bytes` of the frame. Events that were put in before are left out. */
  readonly put: (events: ReadonlyArray<LiveEvent>, position: string | undefined, bytes: number) => void
  readonly take: () => LiveEvent | undefined
  /** More waits than may. */
  readonly isFull: () => boolean
  /** So little waits that more may come. */
  readonly hasRoom: () => boolean
  /** Behind the last frame of which all was taken. */
  readonly position: () => string | undefined
  /** Of what was taken, by id; empty where the subscription is not by ids. */
  readonly versions: () => { readonly [id: string]: number }
}

interface Waiting {
  readonly event: LiveEvent | undefined
  /** Reached once this is taken. */
  readonly position: string | undefined
  readonly bytes: number
}

export const make = (first: Wish, bounds: Bounds): Inbox => {
  /** The last version put in, by stream; the longest silent are forgotten first. */
  const last = new Map<string, number>()
  const taken: Record<string, number> = Object.assign(Object.create(null), first.ids)
  const { aggregate, ids } = first
  for (const id in ids) last.set(`${aggregate}/${id}`, ids[id]!)

  let after = first.after
  let position = first.after === "start" ? undefined : first.after
  let waiting: Array<Waiting> = []
  // A queue whose head moves, so that taking costs the same however much waits.
  let head = 0
  let bytes = 0

  const isNew = ({ aggregate, id, version }: LiveEvent): boolean => {
    const stream = `${aggregate}/${id}`
    const known = last.get(stream)
    if (known !== undefined && version <= known) return false
    if (ids === undefined) {
      last.delete(stream)
      if (last.size >= bounds.streams) last.delete(last.keys().next().value!)
    }
    last.set(stream, version)
    return true
  }

  const pop = (): Waiting | undefined => {
    const next = waiting[head]
    if (next === undefined) return undefined
    head++
    bytes -= next.bytes
    if (head * 2 > waiting.length) {
      waiting = waiting.slice(head)
      head = 0
    }
    return next
  }

  const count = () => waiting.length - head
  const holds = (share: number) => count() > bounds.waitingEvents * share || bytes > bounds.waitingBytes * share
  return {
    wish: () =>
      ids === undefined
        ? { ...first, ...after === undefined ? {} : { after } }
        : { ...first, ids: Object.fromEntries(Object.keys(ids).map((id) => [id, last.get(`${aggregate}/${id}`)!])) },
    begun: (at) => {
      if (ids === undefined && after === undefined) after = position = at
    },
    put: (events, at, frameBytes) => {
      if (at !== undefined) after = at
      const fresh = events.filter(isNew)
      if (fresh.length > 0) bytes += frameBytes
      fresh.forEach((event, index) =>
        waiting.push({ event, position: index === fresh.length - 1 ? at : undefined, bytes: frameBytes / fresh.length })
      )
      // A frame that only repeats still moves the position, behind what waits before it.
      if (fresh.length === 0 && at !== undefined) waiting.push({ event: undefined, position: at, bytes: 0 })
    },
    take: () => {
      for (;;) {
        const next = pop()
        if (next === undefined) return undefined
        if (next.position !== undefined) position = next.position
        if (next.event === undefined) continue
        if (ids !== undefined) taken[next.event.id] = next.event.version
        return next.event
      }
    },
    isFull: () => holds(1),
    hasRoom: () => !holds(1 / 2),
    position: () => position,
    versions: () => ({ ...taken }),
  }
}
