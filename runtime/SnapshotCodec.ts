/**
 * Snapshots as text with a checksum, and the reasons for which one is ignored.
 * @module
 */
import { Result } from "effect"
import { digest } from "../core/Fingerprint.ts"
import type { Snapshot } from "../core/SnapshotStore.ts"
import { keyOf, type StreamKey } from "../core/Stream.ts"
import { Thrown } from "../schemas/Wire.ts"
import type { Kind, StateFailure } from "./Kind.ts"

type Content = Omit<Snapshot, "checksum">

/** What tells a whole snapshot from a damaged one. */
export const checksum = (of: Content): string =>
  digest([keyOf(of.stream), of.version, of.eventId, of.recordedAt, of.key, of.state].join("\n"))

/** A snapshot of `state`; fails where the state does not fit its own schema, or the code of that throws. */
export const encode = (
  kind: Kind,
  of: Omit<Content, "state" | "key">,
  state: unknown,
): Result.Result<Snapshot, StateFailure> =>
  Result.map(kind.encodeState(state), (encoded) => {
    const content = { ...of, key: kind.snapshotKey, state: JSON.stringify(encoded) }
    return { ...content, checksum: checksum(content) }
  })

/**
 * `foreign`: made by other code or for another stream; `corrupt`: damaged, or no state of ours; `unreadable`: the code
 * of the state's schema throws on it.
 */
export type Fault = "foreign" | "corrupt" | "newer" | "unreadable"

/** The state of a snapshot; whether its history is ours, and not newer than the stream, is for the loader to see. */
export const decode = (kind: Kind, stream: StreamKey, snapshot: Snapshot): Result.Result<unknown, Fault> => {
  if (keyOf(snapshot.stream) !== keyOf(stream) || snapshot.key !== kind.snapshotKey) return Result.fail("foreign")
  if (snapshot.checksum !== checksum(snapshot)) return Result.fail("corrupt")
  const json = Result.try(() => JSON.parse(snapshot.state) as unknown)
  return Result.mapError(
    Result.flatMap(json, kind.decodeState),
    (failure) => failure instanceof Thrown ? "unreadable" : "corrupt",
  )
}
