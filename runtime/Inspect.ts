/**
 * What each event of a stream did to its state, told from the store alone, in bounded memory.
 *
 * Redacted fields are compared like all others, and shown only where that is asked for.
 * @module
 */
import { Effect, Result } from "effect"
import type * as Aggregate from "../core/Aggregate.ts"
import { EventStore, type StoredEvent, tombstone } from "../core/EventStore.ts"
import { Limits } from "../core/Limits.ts"
import type { StreamKey } from "../core/Stream.ts"
import { struct } from "../schemas/Fields.ts"
import { masked, redactedText } from "../schemas/Redacted.ts"
import { type Change, changes, valueAt } from "./changes.ts"
import * as Kind from "./Kind.ts"
import { unread } from "./unread.ts"

/** A state in its JSON form, with all it holds. */
interface State {
  readonly value: unknown
  readonly json: unknown
}

export interface Step extends Omit<StoredEvent, "tenant" | "aggregate" | "id" | "payload"> {
  readonly payload: unknown
  /** What the event changed; absent without an application, and from a problem on. */
  readonly changes?: ReadonlyArray<Change>
  /** Why the state cannot be told from here on. */
  readonly problem?: string
}

export interface Options {
  /** Without it events are shown as they are stored, and no state. */
  readonly aggregate: Aggregate.Any | undefined
  readonly showRedacted: boolean
}

const visiblePart = (json: unknown, pointer: string): string => {
  const parts = pointer.split("/")
  const end = parts.findIndex((_, i) => valueAt(json, parts.slice(0, i + 1).join("/")) === redactedText)
  return end < 0 ? pointer : parts.slice(0, end + 1).join("/")
}

/** What a stream's events and states look like to whoever asks. */
export const make = ({ aggregate, showRedacted }: Options) => {
  const kind = aggregate && Kind.make(aggregate)
  const shown = (state: unknown): unknown =>
    showRedacted || aggregate === undefined ? state : masked(aggregate.state, state)

  /** Payloads that no contract explains may hold anything. */
  const payloadOf = (event: StoredEvent): unknown => {
    const payload = Result.getOrElse(Result.try(() => JSON.parse(event.payload) as unknown), () => event.payload)
    if (showRedacted || event.type === tombstone.type) return payload
    const fields = kind?.event(event.type)?.versions[event.schemaVersion - 1]
    return fields === undefined ? redactedText : masked(struct(fields), payload)
  }

  const difference = (before: State, after: State): ReadonlyArray<Change> => {
    const [from, to] = [shown(before.json), shown(after.json)]
    const seen = new Map<string, Change>()
    for (const change of changes(before.json, after.json)) {
      // Below what is redacted even a name may say too much.
      const pointer = [from, to].reduce((rest: string, json) => visiblePart(json, rest), change.pointer)
      seen.set(pointer, {
        pointer,
        ...("before" in change ? { before: valueAt(from, pointer) } : {}),
        ...("after" in change ? { after: valueAt(to, pointer) } : {}),
      })
    }
    return [...seen.values()]
  }

  const encoded = (value: unknown): Result.Result<State, string> =>
    Result.mapBoth(kind!.encodeState(value), {
      onFailure: ({ _tag }) =>
        _tag === "Thrown" ? "the schema of the state fails on it" : "the state does not fit its schema",
      onSuccess: (json) => ({ value, json }),
    })

  const apply = (state: State, event: StoredEvent): Result.Result<State, string> => {
    if (event.type === tombstone.type) return Result.succeed(state)
    const decoded = kind!.decodeEvent(event)
    if (Result.isFailure(decoded)) return Result.fail(unread(event, decoded.failure))
    const evolved = Result.try(() => kind!.evolve[decoded.success._tag]!(state.value, decoded.success))
    return Result.isFailure(evolved) ? Result.fail("evolve fails on it") : encoded(evolved.success)
  }

  /**
   * Goes from the first event to `last`; `see` is told each step from `from` on. Gives the state there, or why there is
   * none.
   */
  const walk = Effect.fnUntraced(function* (
    stream: StreamKey,
    from: number,
    last: number,
    see: (step: Step) => void,
  ) {
    const [store, { loadPage }] = [yield* EventStore, yield* Limits]
    let state: Result.Result<State, string> = kind === undefined
      ? Result.fail("there is no application to tell it")
      : encoded(kind.initial)
    let version = kind === undefined ? from - 1 : 0
    while (version < last) {
      const events = yield* store.read(stream, version, Math.min(loadPage, last - version))
      if (events.length === 0) break
      for (const event of events) {
        const before: Result.Result<State, string> = state
        const after = Result.isSuccess(before) ? apply(before.success, event) : before
        state = after
        version = event.version
        if (version < from) continue
        const { aggregate: _, id: __, payload: ___, tenant: ____, ...rest } = event
        see({
          ...rest,
          payload: payloadOf(event),
          ...(Result.isSuccess(before) && Result.isSuccess(after)
            ? { changes: difference(before.success, after.success) }
            : {}),
          ...(Result.isSuccess(before) && Result.isFailure(after) ? { problem: after.failure } : {}),
        })
      }
      yield* Effect.yieldNow
    }
    return Result.map(state, (there) => ({ version, state: there }))
  })

  return { difference, shown, walk }
}
