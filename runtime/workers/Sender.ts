/**
 * Sends what lanes give it: records of many streams in one call of the ordered bus, secondary events beside it.
 *
 * A call begins only with what may still go, and is not waited for longer than a third of a lease: what it was about comes
 * back unsent, and the same bytes go once more.
 * @module
 */
import { Array as Arrays, Clock, Effect, type Scope } from "effect"
import { CoreBus, type CoreRecord, type Sent } from "../../core/CoreBus.ts"
import type { StoredEvent } from "../../core/EventStore.ts"
import { Limits } from "../../core/Limits.ts"
import { updater } from "../../core/metrics.ts"
import * as RecordWire from "../../core/RecordWire.ts"
import { SecondaryBus } from "../../core/SecondaryBus.ts"
import { keyOf } from "../../core/Stream.ts"
import * as Defect from "../Defect.ts"
import { elapsedMs } from "../Host.ts"
import * as Gather from "./Gather.ts"
import * as Metrics from "./RouterMetrics.ts"

export interface Parcel<A> {
  readonly item: A
  /** Asked right before the call; once it says no, nothing goes. */
  readonly mayGo: () => boolean
}
export interface Sender {
  /** `NotSent`: it may have gone or not. The same record again, and nothing newer of its stream before. */
  readonly core: (parcel: Parcel<CoreRecord>) => Effect.Effect<Sent>
  readonly secondary: (parcel: Parcel<StoredEvent>) => Effect.Effect<Sent>
}

/** Calls of the best-effort bus under way at once. */
const secondaryCalls = 16

const unanswered: Sent = { _tag: "NotSent", reason: "unanswered" }
const notHeld: Sent = { _tag: "NotSent", reason: "not held" }

/** Splits into calls that the bus takes, no two records of one stream in the same. */
export const calls = <A extends { readonly item: CoreRecord }>(
  parcels: ReadonlyArray<A>,
  max: { readonly records: number; readonly bytes: number },
): ReadonlyArray<ReadonlyArray<A>> => {
  const all: Array<{ readonly parcels: Array<A>; readonly streams: Set<string>; bytes: number }> = []
  for (const parcel of parcels) {
    const { events, stream } = parcel.item
    const key = keyOf(stream)
    const bytes = events.reduce((sum, event) => sum + RecordWire.eventBytes(event), RecordWire.headBytes(stream))
    let call = all.at(-1)
    const isFull = call === undefined || call.parcels.length === max.records || call.bytes + bytes > max.bytes
    if (call === undefined || isFull || call.streams.has(key)) {
      all.push(call = { parcels: [], streams: new Set(), bytes: 0 })
    }
    call.parcels.push(parcel)
    call.streams.add(key)
    call.bytes += bytes
  }
  return all.map(({ parcels }) => parcels)
}

export const make: Effect.Effect<Sender, never, CoreBus | SecondaryBus | Scope.Scope> = Effect.gen(function* () {
  const [core, secondary, limits, clock] = [yield* CoreBus, yield* SecondaryBus, yield* Limits, yield* Clock.Clock]
  const count = updater(yield* Effect.context<never>())
  let saidAt = -Infinity

  /** One line a second says enough of an outage. */
  const complain = (bus: string, reasons: ReadonlyArray<string>) =>
    Effect.suspend(() => {
      if (reasons.length === 0) return Effect.void
      count(Metrics.RoutingErrors, reasons.length)
      const now = elapsedMs(clock)
      if (now - saidAt < 1_000) return Effect.void
      saidAt = now
      return Effect.logWarning("some events were not taken by their bus").pipe(
        Effect.annotateLogs({ bus, count: reasons.length, reason: reasons[0] }),
      )
    })

  /** One outcome for each parcel, whatever the call does. */
  const call = <A>(
    bus: string,
    publish: (items: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<Sent>>,
    parcels: ReadonlyArray<Parcel<A>>,
  ): Effect.Effect<ReadonlyArray<Sent>> =>
    Effect.suspend(() => {
      const going = parcels.filter(({ mayGo }) => mayGo())
      const lost = (reason: string): ReadonlyArray<Sent> => going.map(() => ({ _tag: "NotSent", reason }))
      if (going.length === 0) return Effect.succeed(parcels.map(() => notHeld))
      return Effect.suspend(() => publish(going.map(({ item }) => item))).pipe(
        Effect.timeoutOrElse({ duration: limits.leaseMs / 3, orElse: () => Effect.succeed(lost("timeout")) }),
        Effect.catchDefect((defect) => Effect.as(Defect.log("a bus broke", defect, { bus }), lost("defect"))),
        Effect.withSpan(
          "nexus.publish",
          { root: true, attributes: { "nexus.bus": bus, "nexus.items": going.length } },
          { captureStackTrace: false },
        ),
        Effect.flatMap((answers) => {
          const outcomes = new Map(going.map((parcel, i) => [parcel, answers[i] ?? unanswered]))
          const failed = [...outcomes.values()].flatMap((sent) => sent._tag === "Sent" ? [] : [sent.reason])
          return Effect.as(
            complain(bus, failed),
            parcels.map((parcel) => outcomes.get(parcel) ?? notHeld),
          )
        }),
      )
    })

  const gatherCore = yield* Gather.make<Parcel<CoreRecord>, Sent>(
    core.publishMax.records,
    (parcels) =>
      Effect.map(
        Effect.forEach(calls(parcels, core.publishMax), (some) => call("core", core.publish, some)),
        (outcomes) => outcomes.flat(),
      ),
  )
  const gatherSecondary = yield* Gather.make<Parcel<StoredEvent>, Sent>(
    secondary.publishMax * secondaryCalls,
    (parcels) =>
      Effect.map(
        Effect.forEach(
          Arrays.chunksOf(parcels, secondary.publishMax),
          (some) => call("secondary", secondary.publish, some),
          { concurrency: secondaryCalls },
        ),
        (outcomes) => outcomes.flat(),
      ),
  )
  return { core: gatherCore, secondary: gatherSecondary }
})
