/**
 * The embedded stores: events, receipts and snapshots in one SQLite file, written by any number of processes.
 * @module
 */
import { Context, Effect, Layer } from "effect"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { EventStore } from "../../../core/EventStore.ts"
import { SnapshotStore } from "../../../core/SnapshotStore.ts"
import { CannotOpen } from "./CannotOpen.ts"
import * as Connection from "./connection.ts"
import { type Connect, connect as connectFile } from "./driver.ts"
import * as Events from "./events.ts"
import * as Snapshots from "./snapshots.ts"

/** A folder, made where it is missing, that holds `nexus.db`; or a file in a folder that exists. */
export type Where = { readonly folder: string } | { readonly file: string }

/** The stores on one file. `connect` is for tests that count statements or let them fail. */
export const layer = (
  where: Where,
  connect: Connect = connectFile,
): Layer.Layer<EventStore | SnapshotStore, CannotOpen> =>
  Layer.effectContext(Effect.gen(function* () {
    const connection = yield* Connection.make(yield* fileOf(where), connect)
    return Context.make(EventStore, yield* Events.make(connection)).pipe(
      Context.add(SnapshotStore, yield* Snapshots.make(connection)),
    )
  }))

const fileOf = (where: Where): Effect.Effect<string, CannotOpen> => {
  if ("file" in where) return Effect.succeed(where.file)
  const file = join(where.folder, "nexus.db")
  return Effect.try({
    try: () => (mkdirSync(where.folder, { recursive: true }), file),
    catch: () => new CannotOpen({ file, reason: "not-writable", repair: `The folder ${where.folder} cannot be made.` }),
  })
}
