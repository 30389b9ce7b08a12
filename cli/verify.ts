/**
 * `nexus verify`: reads all that a store holds and names the first bad place; exit code 1 where there is one.
 * @module
 */
import { Clock, Effect, type Layer } from "effect"
import type { EventStore } from "../core/EventStore.ts"
import type { SnapshotStore } from "../core/SnapshotStore.ts"
import * as Verify from "../runtime/Verify.ts"
import { Failure, type Verb } from "./Verb.ts"

/** How the command line reaches a store in a folder; the entry chooses the adapter. */
export interface Engine {
  /** What the adapter itself sees; fails where there is no store in the folder. */
  readonly check: (folder: string) => Effect.Effect<ReadonlyArray<Verify.Finding>, { readonly message: string }>
  readonly layer: (folder: string) => Layer.Layer<EventStore | SnapshotStore, { readonly reason: string }>
}

const failed = (error: { readonly message: string }) => new Failure({ message: error.message, exitCode: 1 })
const progressEveryMs = 1_000

/** The verb over an engine; `say` hears of the progress of a long check. */
export const verify = (engine: Engine, say: (line: string) => void): Verb => ({
  name: "verify",
  help: "Check everything a store holds, and name the first bad place",
  options: { data: { help: "The folder of the store; NEXUS_DATA or ./data where absent", value: "FOLDER" } },
  run: Effect.fnUntraced(function* (input) {
    const folder = input.option("data") ?? (input.env["NEXUS_DATA"] || "data")
    const app = yield* input.app
    const seen = yield* Effect.mapError(engine.check(folder), failed)
    let saidMs = yield* Clock.currentTimeMillis
    const progress = Effect.fnUntraced(function* (counts: Verify.Counts) {
      const nowMs = yield* Clock.currentTimeMillis
      if (nowMs - saidMs < progressEveryMs) return
      saidMs = nowMs
      say(`${counts.events} events, ${counts.streams} streams`)
    })
    const report = yield* Verify.verify(app, progress).pipe(
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
  const read = `${counts.events} events of ${counts.commands} commands in ${counts.streams} streams, ` +
    `${counts.snapshots} snapshots (${counts.foreignSnapshots} of other code ignored)`
  if (findings.length === 0) return `ok: ${read}`
  return [`bad: ${findings.length} findings; ${read}`, ...findings.map(line)].join("\n")
}

const line = ({ stream, version, problem }: Verify.Finding): string =>
  `  ${stream === undefined ? "" : version === undefined ? `${stream}: ` : `${stream} version ${version}: `}${problem}`
