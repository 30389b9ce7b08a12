/**
 * What the checks share: the state at every version, when each version was the newest, and whose each event is.
 * @module
 */
import { DateTime, Result, Schema } from "effect"
import type * as Aggregate from "../../../core/Aggregate.ts"
import type { Decision } from "../../../core/Decision.ts"
import type * as App from "../../../core/App.ts"
import { type StoredEvent, tombstone } from "../../../core/EventStore.ts"
import * as Fingerprint from "../../../core/Fingerprint.ts"
import * as Ids from "../../../core/Ids.ts"
import { keyOf, type StreamKey } from "../../../core/Stream.ts"
import * as Wire from "../../../schemas/Wire.ts"
import type { Attempt } from "../History.ts"
import * as observe from "../observe.ts"
import type { Run } from "../run.ts"
import type { Commit } from "../storeModel.ts"

/** A version that was once the newest: the steps between which anybody may have seen it so. */
export interface Moment {
  readonly version: number
  readonly from: number
  readonly until: number
}

export interface StreamFacts {
  readonly events: ReadonlyArray<StoredEvent>
  /** Ascending; a version in the middle of an append was never the newest. */
  readonly moments: ReadonlyArray<Moment>
  /** The appends that made it, in order. */
  readonly appends: ReadonlyArray<{ readonly commit: Commit; readonly events: ReadonlyArray<StoredEvent> }>
}

/** All attempts at one command: same stream, id and content. */
export interface Same {
  readonly stream: StreamKey
  readonly commandId: string
  readonly fingerprint: string
  readonly attempts: ReadonlyArray<Attempt>
}

export interface Facts {
  readonly run: Run
  readonly streams: ReadonlyMap<string, StreamFacts>
  readonly same: ReadonlyArray<Same>
  /** The state of a stream at a version as the code of `app` sees it; nothing where it cannot read that far. */
  readonly stateAt: (app: App.App, stream: StreamKey, version: number) => { readonly state: unknown } | undefined
  /** What `decide` answers at a version, in the form in which it is stored; one for each time it was decided at. */
  readonly decisions: (app: App.App, attempt: Attempt, commandId: string, version: number) => ReadonlyArray<string>
  /** The state as JSON with sorted keys. */
  readonly encodeState: (aggregate: string, state: unknown) => string
  /** Whether code of this application can tell what the stream was at a version. */
  readonly canTell: (app: App.App, stream: StreamKey, version: number) => boolean
}

export const make = (run: Run): Facts => {
  const streams = new Map([...run.streams].map(([key, events]) => [key, streamFacts(run, key, events)]))
  const states = new Map<string, ReadonlyArray<{ readonly state: unknown } | undefined>>()
  const stateAt: Facts["stateAt"] = (app, stream, version) => {
    const key = `${run.hosts.findIndex((host) => host.app === app)} ${keyOf(stream)}`
    let all = states.get(key)
    if (all === undefined) {
      const aggregate = app.aggregates[stream.aggregate]
      all = aggregate === undefined ? [] : fold(aggregate, streams.get(keyOf(stream))?.events ?? [])
      states.set(key, all)
    }
    return all[version]
  }
  const encode = (app: App.App, name: string, state: unknown) =>
    Fingerprint.canonical(encodeState(app.aggregates[name]!, state))
  return {
    run,
    streams,
    same: group(run.attempts),
    stateAt,
    decisions: (app, attempt, commandId, version) => {
      const at = stateAt(app, attempt.operation.stream, version)
      const times = run.tape.times.get(
        observe.keyOf(attempt.operation.stream.tenant, attempt.operation.stream.aggregate, commandId),
      )
      return at === undefined ? [] : [...times ?? []].map((now) => decide(app, attempt, commandId, at.state, now))
    },
    encodeState: (name, state) => encode(run.scenario.app, name, state),
    canTell: (app, stream, version) => {
      const at = stateAt(app, stream, version)
      return at !== undefined && Result.isSuccess(Result.try(() => encode(app, stream.aggregate, at.state)))
    },
  }
}

const encodeState = (aggregate: Aggregate.Any, state: unknown): unknown =>
  Schema.encodeUnknownSync(Schema.toCodecJson(aggregate.state as Schema.Codec<unknown, unknown>))(state)

type Deciders = {
  readonly [tag: string]: (state: unknown, command: unknown, context: unknown) => Decision<
    { readonly _tag: string },
    { readonly _tag: string }
  >
}
type Handlers = { readonly [tag: string]: (state: unknown, input: unknown, context?: unknown) => unknown }

const fold = (aggregate: Aggregate.Any, events: ReadonlyArray<StoredEvent>) => {
  const states: Array<{ readonly state: unknown } | undefined> = [{ state: aggregate.initial }]
  for (const event of events) {
    const before = states.at(-1)
    if (event.type === tombstone.type) {
      states.push(before)
      continue
    }
    const decoded = Wire.decodeEvent(aggregate.contract, { ...event, payload: JSON.parse(event.payload) })
    if (before === undefined || Result.isFailure(decoded)) states.push(undefined)
    else {
      const { success } = decoded as { readonly success: { readonly _tag: string } }
      states.push({ state: (aggregate.evolve as unknown as Handlers)[success._tag]!(before.state, success) })
    }
  }
  return states
}

const decide = (app: App.App, attempt: Attempt, commandId: string, state: unknown, now: number): string => {
  const { stream } = attempt.operation
  const { command: name, payload, principal } = attempt.request!
  const { contract, decide } = app.aggregates[stream.aggregate]!
  const command = contract.commands[name]!
  let calls = 0
  const context = {
    ...{ principal, commandId, now: DateTime.makeUnsafe(now) },
    nextId: () => Ids.ofCommand(stream, commandId, calls++),
  }
  try {
    const decoded = Result.getOrThrow(Wire.decodeCommand(command, payload))
    const decided = (decide as unknown as Deciders)[name]!(state, decoded, context)
    if (Result.isSuccess(decided)) {
      return sayEvents(
        decided.success.map((event) => Result.getOrThrow(Wire.encodeEvent(contract.events[event._tag]!, event))),
      )
    }
    const rejection = command.rejections.find((one) => one.identifier === decided.failure._tag)!
    return sayRejection(decided.failure._tag, Result.getOrThrow(Wire.encodeRejection(rejection, decided.failure)))
  } catch {
    return "defect"
  }
}

/** Decisions in one comparable form. */
export const sayEvents = (events: ReadonlyArray<Wire.Stored>): string =>
  `accepted ${Fingerprint.canonical(events.map(({ payload, schemaVersion, type }) => [type, schemaVersion, payload]))}`
export const sayRejection = (tag: string, members: unknown): string => `${tag} ${Fingerprint.canonical(members)}`
export const sayStored = (events: ReadonlyArray<StoredEvent>): string =>
  sayEvents(events.map((event) => ({ ...event, payload: JSON.parse(event.payload) as unknown })))

const streamFacts = (run: Run, key: string, events: ReadonlyArray<StoredEvent>): StreamFacts => {
  const commits = run.commits.filter(({ append, outcome }) =>
    outcome._tag === "Committed" && append.events.length > 0 && keyOf(append.stream) === key
  )
  const appends = commits.flatMap((commit) => {
    const first = commit.append.expected.version
    const stored = events.slice(first, first + commit.append.events.length)
    return stored[0]?.eventId === commit.append.events[0]!.eventId ? [{ commit, events: stored }] : []
  })
  const moments: Array<Moment> = []
  let open = { version: 0, from: -1 }
  for (const { commit, events } of appends) {
    moments.push({ ...open, until: commit.ended })
    open = { version: events.at(-1)!.version, from: commit.began }
  }
  moments.push({ ...open, until: Number.MAX_SAFE_INTEGER })
  return { events, moments, appends }
}

const group = (attempts: ReadonlyArray<Attempt>): ReadonlyArray<Same> => {
  const groups = new Map<string, Same & { readonly attempts: Array<Attempt> }>()
  for (const attempt of attempts) {
    const { request } = attempt
    if (request === undefined) continue
    const { aggregate, command, commandId: given, id, payload } = request
    const { stream, name } = attempt.operation
    const commandId = given ?? told(attempt) ?? `generated for ${name}`
    const fingerprint = Fingerprint.make(aggregate, id, command, payload)
    const key = `${keyOf(stream)} ${commandId} ${fingerprint}`
    const same = groups.get(key) ?? { stream, commandId, fingerprint, attempts: [] }
    groups.set(key, same)
    same.attempts.push(attempt)
  }
  return [...groups.values()]
}

/** The id that a host made up, where it said one. */
const told = ({ answer }: Attempt): string | undefined =>
  answer?._tag === "Accepted"
    ? answer.receipt.commandId
    : answer?._tag === "Rejected"
    ? answer.rejected.commandId
    : answer?._tag === "Failed" && "commandId" in answer.error
    ? answer.error.commandId
    : undefined
