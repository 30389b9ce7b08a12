/**
 * What a store holds, read by the application as it is: every payload through its decoder and upcasters, and what comes
 * out against the schema of the newest version. No payload is shown.
 * @module
 */
import { Effect, type Layer, Result } from "effect"
import { EventStore, type StoredEvent, tombstone } from "../../core/EventStore.ts"
import { keyOf } from "../../core/Stream.ts"
import * as Kind from "../../runtime/Kind.ts"
import * as Issue from "../../schemas/Issue.ts"
import * as Subject from "../../schemas/Subject.ts"
import * as Wire from "../../schemas/Wire.ts"
import { failed, type Input } from "../Verb.ts"

const page = 500
/** Of each subject: all of the first ones, then every so many. */
const [firsts, every] = [100, 100]
const badMax = 20

interface Bad {
  readonly stream: string
  readonly version: number
  readonly problem: string
}
interface Tally {
  events: number
  decoded: number
  bad: number
  /** The first of them. */
  readonly places: Array<Bad>
}

/** Why an event cannot be read by this application; nothing where it can. */
const problemOf = (kinds: ReadonlyMap<string, Kind.Kind>, event: StoredEvent): string | undefined => {
  const kind = kinds.get(event.aggregate)
  if (kind === undefined) return `the application has no aggregate ${event.aggregate}`
  const decoded = kind.decodeEvent(event)
  if (Result.isFailure(decoded)) {
    const { failure } = decoded
    if (failure._tag === "Thrown") return "its upcaster fails"
    return failure._tag === "UnknownEvent"
      ? "the application does not know it"
      : `it does not fit: ${Issue.textOf(failure.issues)}`
  }
  const newest = kind.event(event.type)!
  if (event.schemaVersion === newest.versions.length) return undefined
  const again = Wire.guard(() => Wire.encodeEvent(newest, decoded.success))
  if (Result.isSuccess(again)) return undefined
  return again.failure._tag === "Thrown"
    ? "its schema fails"
    : `upcast to v${newest.versions.length} it does not fit: ${Issue.textOf(again.failure.issues)}`
}

export const checkStore = (input: Input, store: Layer.Layer<EventStore, { readonly message: string }>) =>
  Effect.gen(function* () {
    const app = yield* input.app
    const kinds = new Map(Object.values(app.aggregates).map((one) => [one.contract.aggregate, Kind.make(one)]))
    const whole = input.option("all") !== undefined
    const subjects = new Map<string, Tally>()
    const counts = { events: 0, decoded: 0, bad: 0 }
    const look = (event: StoredEvent): void => {
      if (event.type === tombstone.type) return
      const subject = Subject.make(event.aggregate, event.type, event.schemaVersion)
      const tally: Tally = subjects.get(subject) ?? { events: 0, decoded: 0, bad: 0, places: [] }
      subjects.set(subject, tally)
      tally.events++
      counts.events++
      if (!whole && tally.events > firsts && tally.events % every !== 0) return
      tally.decoded++
      counts.decoded++
      const problem = problemOf(kinds, event)
      if (problem === undefined) return
      tally.bad++
      counts.bad++
      if (tally.places.length < badMax) {
        tally.places.push({ stream: keyOf(event), version: event.version, problem })
      }
    }
    yield* Effect.gen(function* () {
      const { feed } = yield* EventStore
      let cursor: string | undefined
      while (true) {
        const { cursor: next, items } = yield* Effect.catchTag(feed(cursor, page), "BadCursor", Effect.die)
        if (items.length === 0) break
        cursor = next
        for (const event of items) look(event)
        input.progress("decoding", counts.events, undefined, "events")
        yield* Effect.yieldNow
      }
    }).pipe(
      Effect.provide(store),
      Effect.mapError((error) => {
        const unread = "_tag" in error && error._tag === "StoreUnavailable"
        return failed(unread ? `the store cannot be read: ${error.reason}` : error.message)
      }),
    )
    const ok = counts.bad === 0
    const sorted = [...subjects].toSorted(([a], [b]) => a < b ? -1 : 1)
    const width = Math.max(0, ...sorted.map(([subject]) => subject.length))
    const rows = sorted.flatMap(([subject, { bad, decoded, events, places }]) => [
      `  ${subject.padEnd(width)}  ${events} events, ${decoded} decoded${bad === 0 ? "" : `, ${bad} bad`}`,
      ...places.map(({ problem, stream, version }) => `    ${stream} version ${version}: ${problem}`),
      ...(bad > places.length ? [`    and ${bad - places.length} more`] : []),
    ])
    const total = `${
      ok ? "ok" : "bad"
    }: ${counts.decoded} of ${counts.events} events decoded, ${counts.bad} of them bad`
    yield* input.print([...rows, total].join("\n"), {
      ok,
      ...counts,
      subjects: sorted.map(([subject, tally]) => ({ subject, ...tally })),
    })
    return ok ? 0 : 1
  })
