/**
 * An export, line by line: what may follow what, and whether all of it is there.
 * @module
 */
import { Result, Schema } from "effect"
import { type StoredEvent } from "../core/EventStore.ts"
import { keyOf } from "../core/Stream.ts"
import * as ArchiveLine from "./ArchiveLine.ts"

/** The file breaks off, or says what it must not; `line` counts from 1. Get the whole file, or mend the line. */
export class BadFile extends Schema.TaggedError<BadFile>()("BadFile", { line: Schema.Int, reason: Schema.String }) {
  override get message(): string {
    return `line ${this.line}: ${this.reason}`
  }
}

/** A SHA-256 under way. */
export interface Digest {
  readonly update: (text: string) => void
  readonly hex: () => string
}

export interface Scan {
  /** Lines taken so far. */
  readonly lines: number
  readonly header: { readonly tenant: string | undefined; readonly events: number } | undefined
  readonly events: number
  readonly receipts: number
  readonly last: StoredEvent | undefined
  readonly ended: boolean
  /** Takes the next line, without its line feed. */
  readonly take: (text: string) => Result.Result<ArchiveLine.Line, BadFile>
  /** What is missing where nothing follows. */
  readonly missing: () => BadFile | undefined
}

/** `digest` takes each good line; the end has to say its sum. */
export const scan = (digest: Digest): Scan => {
  const self = {
    lines: 0,
    header: undefined as Scan["header"],
    events: 0,
    receipts: 0,
    last: undefined as StoredEvent | undefined,
    ended: false,
    take: (text: string) => {
      self.lines++
      const line = Result.flatMap(ArchiveLine.decode(text), (line) => {
        const wrong = problem(line)
        return wrong === undefined ? Result.succeed(line) : Result.fail(wrong)
      })
      if (Result.isSuccess(line)) digest.update(`${text}\n`)
      return Result.mapError(line, (reason) => new BadFile({ line: self.lines, reason }))
    },
    missing: () =>
      self.ended ? undefined : new BadFile({
        line: self.lines + 1,
        reason: `the file breaks off here, behind ${self.events} events of ${
          self.header?.events ?? "an unknown number"
        }`,
      }),
  }

  const problem = (line: ArchiveLine.Line): string | undefined => {
    if (self.ended) return "it stands behind the end"
    if ((self.header === undefined) !== (line._tag === "Header")) {
      return self.header === undefined ? "the header is missing: this is no export" : "it is a second header"
    }
    switch (line._tag) {
      case "Header":
        self.header = { tenant: line.tenant, events: line.events }
        return undefined
      case "Event":
        return eventProblem(line.event)
      case "Receipt":
        if (self.events !== self.header!.events) {
          return `${self.header!.events} events were announced, ${self.events} are there`
        }
        self.receipts++
        return foreign(line.receipt.stream.tenant)
      case "End":
        self.ended = true
        if (line.events !== self.events || self.header!.events !== self.events || line.receipts !== self.receipts) {
          return `${line.events} events and ${line.receipts} receipts were announced, ` +
            `${self.events} and ${self.receipts} are there`
        }
        return line.sha256 === digest.hex() ? undefined : "the bytes above have another SHA-256: something was changed"
    }
  }

  const foreign = (tenant: string): string | undefined =>
    self.header!.tenant === undefined || self.header!.tenant === tenant
      ? undefined
      : `it is of another tenant than the header says`

  const eventProblem = (event: StoredEvent): string | undefined => {
    if (self.receipts > 0) return "it stands behind the receipts"
    const before = self.last
    self.last = event
    self.events++
    if (before !== undefined && together(before, event)) {
      if (event.version !== before.version + 1) return "its version does not follow that of the line above"
      if (event.recordedAt !== before.recordedAt || event.fingerprint !== before.fingerprint) {
        return "it differs in time or fingerprint from the line above, an event of the same command"
      }
    }
    return foreign(event.tenant)
  }
  return self
}

/** Whether two events that follow each other are of one command, and so of one append. */
export const together = (a: StoredEvent, b: StoredEvent): boolean =>
  a.commandId === b.commandId && keyOf(a) === keyOf(b)
