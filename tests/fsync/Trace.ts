/**
 * Reads what strace saw: which command ids were written to the log file, when it was synced, when they were answered.
 *
 * The order of lines is the order of events: a call that others overlap is printed twice, at its start ("unfinished")
 * and at its end ("resumed"), and a call printed once was overlapped by nothing that is printed.
 * @module
 */

export type Event =
  /** A write into the write-ahead log that holds these command ids for the first time. */
  | { readonly _tag: "Written"; readonly ids: ReadonlyArray<string> }
  /** A sync of the write-ahead log that ended well, with the index of the event before its start. */
  | { readonly _tag: "Synced"; readonly startedAt: number }
  /** A write to a socket (or pipe) that names these command ids. */
  | { readonly _tag: "Answered"; readonly ids: ReadonlyArray<string> }

/** What `strace` is asked for; a page of the log and a header must fit into the text of one call. */
export const straceArgs = (file: string): ReadonlyArray<string> => [
  "-f",
  "-y",
  "-s",
  "8192",
  "-e",
  "trace=fsync,fdatasync,write,writev,pwrite64,pwritev,sendto,sendmsg",
  "-e",
  "signal=none",
  "-o",
  file,
]

const call = /^(\d+)\s+(?:(\w+)\((\d+)<([^>]*)>|<\.\.\. (\w+) resumed>)/
/** Deno keeps databases of its own: only the store's log counts. */
const isLog = (path: string) => path.endsWith("/nexus.db-wal")
const isSync = (name: string | undefined) => name === "fsync" || name === "fdatasync"

/** The events of a trace, in order; `idPattern` is global and of fixed length: ids stand beside other bytes. */
export const parse = (text: string, idPattern: RegExp): ReadonlyArray<Event> => {
  const events: Array<Event> = []
  const written = new Set<string>()
  /** Syncs of the log under way, by thread. */
  const syncing = new Map<string, number>()
  for (const line of text.split("\n")) {
    const match = call.exec(line)
    if (match === null) continue
    const [, thread = "", started, , path = "", resumed] = match
    if (isSync(resumed)) {
      const startedAt = syncing.get(thread)
      syncing.delete(thread)
      if (startedAt !== undefined && line.endsWith("= 0")) events.push({ _tag: "Synced", startedAt })
    } else if (isSync(started)) {
      if (!isLog(path)) continue
      if (line.includes("<unfinished")) syncing.set(thread, events.length)
      else if (line.endsWith("= 0")) events.push({ _tag: "Synced", startedAt: events.length })
    } else if (started !== undefined) {
      const ids = [...new Set(line.match(idPattern) ?? [])]
      if (isLog(path)) {
        const fresh = ids.filter((id) => !written.has(id))
        for (const id of fresh) written.add(id)
        if (fresh.length > 0) events.push({ _tag: "Written", ids: fresh })
      } else if (ids.length > 0 && /^(socket|TCP|TCPv6|pipe|UNIX)/.test(path)) {
        events.push({ _tag: "Answered", ids })
      }
    }
  }
  return events
}

const marked = /kind: (.*?)\\n"/

/** How many syncs of the log ended between the markers that the traced program wrote to its output. */
export const syncsByMarker = (text: string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  let current: string | undefined
  for (const line of text.split("\n")) {
    const match = call.exec(line)
    if (match === null) continue
    const [, , started, fd, path = "", resumed] = match
    if (started === "write" && fd === "1") {
      current = marked.exec(line)?.[1] ?? current
      if (current !== undefined) counts.set(current, counts.get(current) ?? 0)
    } else if (current !== undefined && isSync(started ?? resumed) && line.endsWith("= 0")) {
      // Behind "resumed" stands no path; within a kind the program syncs nothing but its log.
      if (path === "" || isLog(path)) counts.set(current, (counts.get(current) ?? 0) + 1)
    }
  }
  return counts
}

export interface Verdict {
  /** Commands written, synced and answered in this order. */
  readonly durable: number
  readonly syncs: number
  readonly faults: ReadonlyArray<string>
}

/** Whether every id of `expected` was answered only after a sync that began after its bytes were written. */
export const judge = (events: ReadonlyArray<Event>, expected: ReadonlyArray<string>): Verdict => {
  const writtenAt = new Map<string, number>()
  const answeredAt = new Map<string, number>()
  const syncs: Array<{ readonly startedAt: number; readonly endedAt: number }> = []
  events.forEach((event, n) => {
    if (event._tag === "Synced") return void syncs.push({ startedAt: event.startedAt, endedAt: n })
    const seen = event._tag === "Written" ? writtenAt : answeredAt
    for (const id of event.ids) if (!seen.has(id)) seen.set(id, n)
  })
  const faults: Array<string> = []
  for (const id of expected) {
    const [written, answered] = [writtenAt.get(id), answeredAt.get(id)]
    if (answered === undefined) faults.push(`${id}: no answer was seen`)
    else if (written === undefined) faults.push(`${id}: answered, but never written to the log`)
    else if (!syncs.some(({ startedAt, endedAt }) => startedAt > written && endedAt < answered)) {
      faults.push(`${id}: answered before its bytes were synced`)
    }
  }
  return { durable: expected.length - faults.length, syncs: syncs.length, faults }
}
