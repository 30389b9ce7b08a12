/**
 * `nexus verify`: reads all that a store holds and names the first bad place; exit code 1 where there is one.
 * @module
 */
import { Effect, type Layer } from "effect"
import type { EventStore } from "../core/EventStore.ts"
import type { SnapshotStore } from "../core/SnapshotStore.ts"
import * as Verify from "../runtime/Verify.ts"
import { application, data, failed, folderOf, progress, type Verb } from "./Verb.ts"
import { plural } from "./schemas/text.ts"

/** How the command line reaches a store in a folder; the entry chooses the adapter. */
export interface Engine {
  /** What the adapter itself sees; fails where there is no store in the folder. */
  readonly check: (folder: string) => Effect.Effect<ReadonlyArray<Verify.Finding>, { readonly message: string }>
  readonly layer: (folder: string) => Layer.Layer<EventStore | SnapshotStore, { readonly reason: string }>
}

export const verify = (engine: Engine): Verb => ({
  name: "verify",
  help: "Check everything a store holds, and name the first bad place",
  options: { ...data, ...application, ...progress },
  run: Effect.fnUntraced(function* (input) {
    const folder = folderOf(input)
    const app = yield* input.app
    const seen = yield* Effect.mapError(engine.check(folder), ({ message }) => failed(message))
    const said = ({ events }: Verify.Counts) =>
      Effect.sync(() => input.progress("checking", events, undefined, "events"))
    const report = yield* Verify.verify(app, said).pipe(
      Effect.provide(engine.layer(folder)),
      Effect.catch(({ reason }) => Effect.succeed(unreadable(reason))),
    )
    // What the port shows comes first, in the order of the feed; what hides from it explains the rest.
    const findings = [...report.findings, ...seen]
    yield* input.print(text(report, findings), { ...report, ok: findings.length === 0, findings })
    return findings.length === 0 ? 0 : 1
  }),
})

const unreadable = (reason: string): Verify.Report => ({
  ...{ events: 0, streams: 0, commands: 0, snapshots: 0, foreignSnapshots: 0 },
  findings: [{ problem: `the store cannot be read to its end: ${reason}` }],
})

const text = (counts: Verify.Counts, findings: ReadonlyArray<Verify.Finding>): string => {
  const read =
    `${plural(counts.events, "event")} of ${plural(counts.commands, "command")} in ${
      plural(counts.streams, "stream")
    }, ` +
    `${plural(counts.snapshots, "snapshot")} (${counts.foreignSnapshots} of other code ignored)`
  if (findings.length === 0) return `ok: ${read}`
  return [`bad: ${plural(findings.length, "finding")}; ${read}`, ...findings.map(line)].join("\n")
}

const line = ({ stream, version, problem }: Verify.Finding): string =>
  `  ${stream === undefined ? "" : version === undefined ? `${stream}: ` : `${stream} version ${version}: `}${problem}`
