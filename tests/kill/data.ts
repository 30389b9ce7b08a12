/**
 * A server's data as the tests use it: they mint tokens with its key, read its log and ask its registry.
 * @module
 */
import { Effect, Layer, Result } from "effect"
import { EventStore, type StoredEvent } from "../../core/EventStore.ts"
import { embeddedKey } from "../../edge/deno.ts"
import { mint } from "../../edge/embedded.ts"
import type { SchemaRegistry } from "../../core/SchemaRegistry.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import * as Routable from "../../runtime/Routable.ts"

/** One token for each client, all of one tenant; each subject has a rate limit of its own. */
export const tokens = async (folder: string, clients: number): Promise<ReadonlyArray<string>> => {
  const key = await embeddedKey(folder)
  const claims = { tenant: "bank", scope: "commands:Account read history", ttlSeconds: 3_600, nowMs: Date.now() }
  return Promise.all(Array.from({ length: clients }, (_, n) => mint(key, { ...claims, subject: `client-${n}` })))
}

/** All events in the order of the feed, read beside the server if it runs. */
export const readLog = (folder: string): Promise<ReadonlyArray<StoredEvent>> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const store = yield* EventStore
      const events: Array<StoredEvent> = []
      for (let cursor: string | undefined = undefined;;) {
        const page: Effect.Success<ReturnType<typeof store.feed>> = yield* store.feed(cursor, 500)
        events.push(...page.items)
        if (page.items.length === 0) return events
        cursor = page.cursor
      }
    }).pipe(Effect.provide(Layer.orDie(Sqlite.layer({ folder })))),
  )

/** What of the log the registry beside it does not hold, or holds otherwise. */
export const ungovernedBy = (
  registry: Layer.Layer<SchemaRegistry, unknown>,
  log: ReadonlyArray<StoredEvent>,
): Promise<ReadonlyArray<string>> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const check = yield* Routable.make
      const found: Array<string> = []
      for (const event of log) {
        const said = yield* Effect.result(check(event))
        if (Result.isFailure(said)) found.push(`${event.id} version ${event.version}: ${said.failure._tag}`)
      }
      return found
    }).pipe(Effect.provide(Layer.provide(CachedRegistry.layer, Layer.orDie(registry)))),
  )
export const ungoverned = (folder: string, log: ReadonlyArray<StoredEvent>): Promise<ReadonlyArray<string>> =>
  ungovernedBy(Sqlite.layer({ folder }), log)

/** Where servers keep their events, and how many of them do at once. */
export interface Place {
  readonly servers: number
  /** Answers looked at again after each restart (those nearest to the kill), and at the end. */
  readonly repeated: { readonly afterKill: number; readonly atEnd: number }
  /** Between two kills, at most. */
  readonly killMs: number
  readonly env: Readonly<Record<string, string>>
  /** The events of these accounts at least, in the order of each. */
  readonly readLog: (ids: ReadonlySet<string>) => Promise<ReadonlyArray<StoredEvent>>
  readonly ungoverned: (log: ReadonlyArray<StoredEvent>) => Promise<ReadonlyArray<string>>
}

/** One server on a file of its own. */
export const fileIn = (folder: string): Place => ({
  servers: 1,
  repeated: { afterKill: 512, atEnd: 4_096 },
  killMs: 1_200,
  env: {},
  readLog: () => readLog(folder),
  ungoverned: (log) => ungoverned(folder, log),
})
