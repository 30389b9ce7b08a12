/**
 * The embedded stores: events, receipts, snapshots, the limiter of queries, the schema registry, violations, leases,
 * progress, dead letters, buses and queues in one SQLite file, written by any number of processes.
 * @module
 */
import { Context, Effect, Layer } from "effect"
import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { Archive } from "../../../core/Archive.ts"
import { CoreBus } from "../../../core/CoreBus.ts"
import { DeadLetters } from "../../../core/DeadLetters.ts"
import { EventStore } from "../../../core/EventStore.ts"
import { Leases } from "../../../core/Leases.ts"
import { Limits } from "../../../core/Limits.ts"
import { Progress } from "../../../core/Progress.ts"
import { QueryLimiter } from "../../../core/QueryLimiter.ts"
import { Queues } from "../../../core/Queues.ts"
import { SchemaRegistry } from "../../../core/SchemaRegistry.ts"
import { SecondaryBus } from "../../../core/SecondaryBus.ts"
import { SnapshotStore } from "../../../core/SnapshotStore.ts"
import { StreamHeads } from "../../../core/StreamHeads.ts"
import { Violations } from "../../../core/Violations.ts"
import type { Stats } from "../../Stats.ts"
import type { Finding } from "../../Verify.ts"
import * as Archives from "./archive.ts"
import { CannotOpen, cannotOpen, missing } from "./CannotOpen.ts"
import { findings } from "./check.ts"
import * as Connection from "./connection.ts"
import * as Core from "./coreBus.ts"
import * as Dead from "./deadLetters.ts"
import { type Connect, connect as connectFile, connectReadOnly, type Driver } from "./driver.ts"
import * as Events from "./events.ts"
import * as Leased from "./leases.ts"
import { check as checkLayout, migrate, migrations } from "./migrations.ts"
import * as Marks from "./progress.ts"
import * as Queries from "./queryLimiter.ts"
import * as Numbered from "./queue.ts"
import * as Registry from "./registry.ts"
import * as Secondary from "./secondaryBus.ts"
import * as Snapshots from "./snapshots.ts"
import { stats as figures } from "./stats.ts"
import * as Streams from "./streamHeads.ts"
import * as Refused from "./violations.ts"

/** A folder, made where it is missing, that holds `nexus.db`; or a file in a folder that exists. */
export type Where = { readonly folder: string } | { readonly file: string }

/** What a file serves. */
export type Stores =
  | Archive
  | CoreBus
  | DeadLetters
  | EventStore
  | Leases
  | Progress
  | QueryLimiter
  | Queues
  | SchemaRegistry
  | SecondaryBus
  | SnapshotStore
  | StreamHeads
  | Violations

/** The stores on one file. `connect` is for tests that count statements or let them fail. */
export const layer = (
  where: Where,
  connect: Connect = connectFile,
): Layer.Layer<Stores, CannotOpen> =>
  Layer.effectContext(Effect.gen(function* () {
    const connection = yield* Connection.make(yield* fileOf(where), connect)
    const queues = yield* Numbered.make(connection)
    return Context.make(EventStore, yield* Events.make(connection)).pipe(
      Context.add(SnapshotStore, yield* Snapshots.make(connection)),
      Context.add(Archive, yield* Archives.make(connection)),
      Context.add(QueryLimiter, yield* Queries.make(connection)),
      Context.add(SchemaRegistry, yield* Registry.make(connection)),
      Context.add(Violations, yield* Refused.make(connection)),
      Context.add(Leases, yield* Leased.make(connection)),
      Context.add(Progress, Marks.make(connection)),
      Context.add(DeadLetters, Dead.make(connection)),
      Context.add(StreamHeads, Streams.make(connection)),
      Context.add(CoreBus, yield* Core.make(connection)),
      Context.add(SecondaryBus, Secondary.make(connection, queues, (yield* Limits).messageBodyBytes)),
      Context.add(Queues, Secondary.named(connection, queues)),
    )
  }))

/** The stores on a file that exists; none is made. */
export const layerExisting = (where: Where): ReturnType<typeof layer> =>
  Layer.suspend(() =>
    existsSync(pathOf(where)) ? layer(where) : Layer.effectContext(Effect.fail(missing(pathOf(where))))
  )

/**
 * What is wrong with a file beside what its port shows; reads every page, and nothing else runs meanwhile. An older
 * layout is brought to the newest first, as by `layer`.
 */
export const check = (where: Where): Effect.Effect<ReadonlyArray<Finding>, CannotOpen> => {
  const refused = (refusal: CannotOpen, error: unknown): Effect.Effect<ReadonlyArray<Finding>, CannotOpen> =>
    refusal.reason === "corrupt"
      ? Effect.succeed([{ problem: `damaged: ${(error as Error).message}` }])
      : Effect.fail(refusal)
  return looking(where, connectFile, (driver) => {
    migrate(driver)
    return Effect.succeed(findings(driver))
  }, refused)
}

/** What a file holds, in figures. It is only read, so one of an older layout is refused. */
export const stats = (where: Where): Effect.Effect<Stats, CannotOpen> =>
  looking(where, connectReadOnly, (driver, file) => {
    if (checkLayout(driver) === migrations.length) return Effect.succeed(figures(driver, file))
    const repair = "Start a server on it, or run `nexus verify`: both bring it to the newest layout."
    return Effect.fail(new CannotOpen({ file, reason: "older-schema", repair }))
  }, Effect.fail)

/** Looks into a file that exists, and closes it; `refused` answers for one that cannot be opened or read. */
const looking = <A>(
  where: Where,
  connect: Connect,
  look: (driver: Driver, file: string) => Effect.Effect<A, CannotOpen>,
  refused: (refusal: CannotOpen, error: unknown) => Effect.Effect<A, CannotOpen>,
): Effect.Effect<A, CannotOpen> => {
  const file = pathOf(where)
  if (!existsSync(file)) return Effect.fail(missing(file))
  return Effect.suspend((): Effect.Effect<A, CannotOpen> => {
    try {
      const driver = connect(file)
      try {
        return look(driver, file)
      } finally {
        driver.close()
      }
    } catch (error) {
      const refusal = cannotOpen(file, error)
      return refusal === undefined ? Effect.die(error) : refused(refusal, error)
    }
  })
}

const pathOf = (where: Where): string => "file" in where ? where.file : join(where.folder, "nexus.db")

const fileOf = (where: Where): Effect.Effect<string, CannotOpen> => {
  const file = pathOf(where)
  if ("file" in where) return Effect.succeed(file)
  return Effect.try({
    try: () => (mkdirSync(where.folder, { recursive: true, mode: 0o700 }), file),
    catch: () => new CannotOpen({ file, reason: "not-writable", repair: `The folder ${where.folder} cannot be made.` }),
  })
}
