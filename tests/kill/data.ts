/**
 * A server's data folder as the tests use it: they mint tokens with its key, read its log and ask its registry.
 * @module
 */
import { Effect, Layer, Result } from "effect"
import { EventStore, type StoredEvent } from "../../core/EventStore.ts"
import { embeddedKey } from "../../edge/deno.ts"
import { mint } from "../../edge/embedded.ts"
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

/** What of the log the folder's own registry does not hold, or holds otherwise. */
export const ungoverned = (folder: string, log: ReadonlyArray<StoredEvent>): Promise<ReadonlyArray<string>> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const check = yield* Routable.make
      const found: Array<string> = []
      for (const event of log) {
        const said = yield* Effect.result(check(event))
        if (Result.isFailure(said)) found.push(`${event.id} version ${event.version}: ${said.failure._tag}`)
      }
      return found
    }).pipe(Effect.provide(Layer.provide(CachedRegistry.layer, Layer.orDie(Sqlite.layer({ folder }))))),
  )
