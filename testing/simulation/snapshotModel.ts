/**
 * The snapshot store as the processes see it: sometimes silent, sometimes with bad snapshots among the good ones.
 *
 * A foreign or a newer snapshot has a true checksum, as one written by real code would; a torn or corrupt one has not.
 * @module
 */
import { Effect } from "effect"
import { StoreUnavailable } from "../../core/EventStore.ts"
import { type Shape, type Snapshot, SnapshotStore } from "../../core/SnapshotStore.ts"
import { keyOf } from "../../core/Stream.ts"
import { checksum } from "../../runtime/SnapshotCodec.ts"
import type { Faults } from "./Faults.ts"
import { call } from "./storeModel.ts"
import type { Process } from "./Process.ts"
import type { World } from "./World.ts"

/** What happened to snapshots, for the checks. */
export interface SnapshotLog {
  readonly saved: Array<Snapshot>
  /** Good snapshots that were handed out to a loading process. */
  handedOut: number
  /** Processes that loaded a damaged one where they looked first: that must be reported. */
  readonly damagedFirst: Set<string>
}

export const make = (world: World, process: Process, base: Shape, faults: Faults, log: SnapshotLog): Shape => {
  const who = process.name
  const spoil = (snapshot: Snapshot, at: number): Snapshot => {
    const bad = spoiled(snapshot, faults, who)
    if (bad === undefined) log.handedOut++
    // Whether a whole one is of this history can only be told once events were read too.
    else if (at === 0 && bad.checksum === snapshot.checksum) log.damagedFirst.add(who)
    return bad ?? snapshot
  }
  return SnapshotStore.of({
    loadEach: (streams) =>
      Effect.suspend(() =>
        faults.strikes("snapshot-refused", who)
          ? Effect.fail(new StoreUnavailable({ reason: "refused" }))
          : Effect.map(call(process, base.loadEach(streams)), (all) => all.map((kept) => kept.map(spoil)))
      ),
    save: (snapshot) =>
      Effect.suspend(() => {
        if (faults.strikes("snapshot-refused", who)) return Effect.fail(new StoreUnavailable({ reason: "refused" }))
        log.saved.push(snapshot)
        world.note(who, `snapshot ${keyOf(snapshot.stream)} at ${snapshot.version}`)
        return call(process, base.save(snapshot))
      }),
    forget: (snapshot) =>
      Effect.suspend(() => {
        if (faults.strikes("snapshot-refused", who)) return Effect.fail(new StoreUnavailable({ reason: "refused" }))
        world.note(who, `forget snapshot ${keyOf(snapshot.stream)} at ${snapshot.version}`)
        return call(process, base.forget(snapshot))
      }),
  })
}

const spoiled = (snapshot: Snapshot, faults: Faults, who: string): Snapshot | undefined => {
  const { state, version } = snapshot
  if (faults.strikes("snapshot-torn", who)) return { ...snapshot, state: state.slice(0, state.length >> 1) }
  if (faults.strikes("snapshot-corrupt", who)) {
    return { ...snapshot, state: flipped(state, faults.amount(state.length)) }
  }
  if (faults.strikes("snapshot-foreign", who)) return signed({ ...snapshot, eventId: `f${snapshot.eventId.slice(1)}` })
  if (faults.strikes("snapshot-newer", who)) return signed({ ...snapshot, version: version + faults.amount(1_000) })
  return undefined
}

/** Another digit in place of one, where there is one: still JSON, still a state, only a wrong one. */
const flipped = (state: string, from: number): string => {
  const at = state.slice(from).search(/[1-8]/)
  const place = at < 0 ? from - 1 : from + at
  return `${state.slice(0, place)}${state[place] === "7" ? "8" : "7"}${state.slice(place + 1)}`
}

/** With a true checksum, as code that lost its mind would write it. */
export const signed = (snapshot: Snapshot): Snapshot => ({
  ...snapshot,
  checksum: checksum(snapshot),
})
