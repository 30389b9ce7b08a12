/**
 * The memory of `CachedRegistry`: subjects with their revisions, and those that are missing, both bounded.
 *
 * Plain data and no clock: every call is told the time.
 * @module
 */
import type { Limits } from "../core/Limits.ts"
import { RegistryUnavailable, type Revision, SchemaNotRegistered } from "../core/SchemaRegistry.ts"

export type Missing = SchemaNotRegistered | RegistryUnavailable

/** A subject that was read. */
export interface Entry {
  revisions: ReadonlyArray<Revision>
  hashes: ReadonlySet<string>
  /** Those of `hashes` that something here depends on. */
  readonly inUse: Set<string>
  bytes: number
  /** When the read began that found this. */
  readAt: number
  /** When the last read ended, good or not. */
  askedAt: number
  /** Why it was not good: then what was found before stands on. */
  trouble: RegistryUnavailable | undefined
  usedAt: number
}

/** A subject of which nothing is known but why. */
interface Absent {
  readonly error: Missing
  readonly askedAt: number
}

export interface Found {
  /** Why nothing was taken. */
  readonly refused?: string
  /** It was taken, and the one before was wrong: how. */
  readonly changed?: string | undefined
}

export type CacheLimits = Pick<Limits, "registryCache" | "registryCacheBytes" | "registryCacheMs" | "registryRetryMs">

/** Of a clock that may be set back: then what is remembered is old, not young. */
const since = (nowMs: number, thenMs: number): number => nowMs < thenMs ? Infinity : nowMs - thenMs

const bytesOf = (revisions: ReadonlyArray<Revision>): number =>
  revisions.reduce((bytes, { schema }) => bytes + JSON.stringify(schema).length, 0)

/** After this part of its life an entry in use is read again in the background, so that nobody waits for it. */
const refreshPart = 0.8

export class RegistryCache {
  private readonly entries = new Map<string, Entry>()
  private readonly absent = new Map<string, Absent>()
  private bytes = 0
  private readonly limits: CacheLimits

  constructor(limits: CacheLimits) {
    this.limits = limits
  }

  /** The subject as it may be used now; nothing: it must be read first. */
  current(subject: string, nowMs: number): Entry | Missing | undefined {
    const entry = this.entries.get(subject)
    if (entry === undefined) {
      const absent = this.absent.get(subject)
      return absent !== undefined && this.rests(absent.askedAt, nowMs) ? absent.error : undefined
    }
    entry.usedAt = nowMs
    // A trouble that nobody has looked at for so long is no reason any more.
    const good = entry.trouble === undefined ? entry.readAt : entry.askedAt
    return since(nowMs, good) < this.limits.registryCacheMs ? entry : undefined
  }

  /** What an entry says of something that it does not hold; nothing: it must be read first. */
  miss(subject: string, entry: Entry, nowMs: number): Missing | undefined {
    return this.rests(entry.askedAt, nowMs) ? entry.trouble ?? new SchemaNotRegistered({ subject }) : undefined
  }

  /** The entry is good for now, and should be read again meanwhile. */
  isDue(entry: Entry, nowMs: number): boolean {
    return (entry.trouble !== undefined || since(nowMs, entry.readAt) >= this.limits.registryCacheMs * refreshPart) &&
      !this.rests(entry.askedAt, nowMs)
  }

  /**
   * A read began at `readAt` and found these. Which of two answers that contradict each other was true, nobody can say:
   * the newer one is taken, unless it lacks what is in use.
   */
  found(subject: string, revisions: ReadonlyArray<Revision>, readAt: number, nowMs: number): Found {
    const malformed = fault(subject, revisions)
    if (malformed !== undefined) return { refused: malformed }
    const known = this.entries.get(subject)
    const changed = contradiction(known?.revisions ?? [], revisions)
    const hashes = new Set(revisions.map(({ hash }) => hash))
    if (changed !== undefined && [...known?.inUse ?? []].some((hash) => !hashes.has(hash))) return { refused: changed }
    this.put(subject, revisions, readAt, nowMs)
    return { changed }
  }

  /** A read ended without revisions. */
  missed(subject: string, error: Missing, nowMs: number): void {
    const entry = this.entries.get(subject)
    if (entry === undefined || (error._tag === "SchemaNotRegistered" && entry.inUse.size === 0)) {
      this.drop(subject)
      this.absent.delete(subject)
      this.absent.set(subject, { error, askedAt: nowMs })
      if (this.absent.size > this.limits.registryCache) this.absent.delete(this.absent.keys().next().value!)
      return
    }
    entry.askedAt = nowMs
    // What is in use does not vanish: a registry that says so contradicts itself.
    entry.trouble = error._tag === "RegistryUnavailable" ? error : this.unavailable("revisions have vanished")
  }

  unavailable(reason: string): RegistryUnavailable {
    return new RegistryUnavailable({ retryAfterSeconds: Math.ceil(this.limits.registryRetryMs / 1000), reason })
  }

  /** This process has registered it: known at once where nothing stands between, else read when it is next needed. */
  registered(revision: Revision, nowMs: number): void {
    const { subject } = revision
    this.absent.delete(subject)
    const entry = this.entries.get(subject)
    if (entry === undefined || entry.hashes.has(revision.hash)) return
    if (revision.revision === (entry.revisions.at(-1)?.revision ?? 0) + 1) {
      this.put(subject, [...entry.revisions, revision], entry.readAt, nowMs)
    } else entry.askedAt = -Infinity
  }

  isTroubled(subject: string): boolean {
    const entry = this.entries.get(subject)
    return entry === undefined
      ? this.absent.get(subject)?.error._tag === "RegistryUnavailable"
      : entry.trouble !== undefined
  }

  private rests(askedAt: number, nowMs: number): boolean {
    return since(nowMs, askedAt) < this.limits.registryRetryMs
  }

  private put(subject: string, revisions: ReadonlyArray<Revision>, readAt: number, nowMs: number): void {
    const inUse = this.entries.get(subject)?.inUse ?? new Set()
    this.absent.delete(subject)
    this.drop(subject)
    const entry: Entry = {
      revisions,
      hashes: new Set(revisions.map(({ hash }) => hash)),
      inUse,
      bytes: bytesOf(revisions),
      readAt,
      askedAt: nowMs,
      trouble: undefined,
      usedAt: nowMs,
    }
    while (
      this.entries.size > 0 &&
      (this.entries.size >= this.limits.registryCache || this.bytes + entry.bytes > this.limits.registryCacheBytes)
    ) this.drop(this.longestUnused())
    this.entries.set(subject, entry)
    this.bytes += entry.bytes
  }

  private drop(subject: string): void {
    this.bytes -= this.entries.get(subject)?.bytes ?? 0
    this.entries.delete(subject)
  }

  /** Looks at all: only a full cache that meets a new subject pays for it. */
  private longestUnused(): string {
    let [name, at] = ["", Infinity]
    for (const [subject, { usedAt }] of this.entries) if (usedAt < at) [name, at] = [subject, usedAt]
    return name
  }
}

/** Why it is no answer at all. */
const fault = (subject: string, found: ReadonlyArray<Revision>): string | undefined => {
  let last = 0
  for (const one of found) {
    if (one.subject !== subject) return "revisions of another subject"
    if (!(Number.isSafeInteger(one.revision) && one.revision > last)) return "revisions out of order"
    last = one.revision
  }
  return found.length === 0 ? "a subject without revisions" : undefined
}

/** Why two answers cannot both be true. */
const contradiction = (known: ReadonlyArray<Revision>, found: ReadonlyArray<Revision>): string | undefined => {
  const hashes = new Map(found.map(({ hash, revision }) => [revision, hash]))
  for (const { hash, revision } of known) {
    const now = hashes.get(revision)
    if (now === undefined) return `revision ${revision} has vanished`
    if (now !== hash) return `revision ${revision} was changed`
  }
  return undefined
}
