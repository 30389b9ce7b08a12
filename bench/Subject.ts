/**
 * What the bench measures: anything that takes the commands of `domain.ts` and keeps their events in a folder.
 *
 * `rows` is read after the clock has stopped and the subject is closed: it proves that the work was really done.
 * @module
 */
import type { Request } from "./domain.ts"

/** What a subject said when it took a command; `eventId` where it has such a thing. */
export interface Ack {
  readonly id: string
  readonly version: number
  readonly eventId: string | undefined
}

/** A stored event as it is found afterwards. */
export interface Row {
  readonly id: string
  readonly version: number
  readonly type: string
  readonly payload: string
  readonly eventId: string | undefined
  readonly commandId: string | undefined
}

export interface Running {
  /** Resolves once the event is durable; a refusal throws. `commandId` is left out where the subject has no receipts. */
  readonly send: (id: string, request: Request, commandId?: string) => Promise<Ack>
  /** Brings the instance into memory and says what it holds. */
  readonly state: (id: string) => Promise<{ readonly itemCount: number; readonly total: number }>
  /** What it held at a time (milliseconds), where the subject can tell. */
  readonly asOf?: (id: string, ms: number) => Promise<{ readonly itemCount: number }>
  /** How many instances are in memory, where the subject can tell. */
  readonly resident?: () => number
  readonly close: () => Promise<void>
}

export interface Subject {
  readonly name: string
  /** By workload: the share of its commands that this subject is given, where all of them would take minutes. */
  readonly scale?: Readonly<Record<string, number>>
  readonly open: (folder: string) => Promise<Running>
  /** Writes histories of `length` events under the subject's closed store, not measured. */
  readonly seed: (folder: string, ids: ReadonlyArray<string>, length: number) => Promise<void> | void
  /** Reads the first `count` events of all streams in the store's order, parsed; answers how many it saw. */
  readonly feed?: (folder: string, count: number) => Promise<number> | number
  readonly rows: (folder: string) => Promise<ReadonlyArray<Row>> | ReadonlyArray<Row>
}
