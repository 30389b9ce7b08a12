/**
 * Folders that are gone when their scope ends, for tests.
 * @module
 */
import { Context, Effect, Layer, type Scope } from "effect"
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { EventStore } from "../../../core/EventStore.ts"
import * as Sqlite from "./Sqlite.ts"

export const freshFolder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "nexus-sqlite-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
)

/** Another opening of the store in a folder, with a connection of its own. */
export const openedIn = (folder: string) =>
  Effect.map(Layer.build(Layer.fresh(Sqlite.layer({ folder }))), Context.get(EventStore))

/** Two openings of one file that take turns, call by call: neither may believe what it remembers. */
export const takingTurns = <I extends Sqlite.Stores, S extends object>(port: Context.Key<I, S>) =>
  Layer.effect(
    port,
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const open = Effect.map(Layer.build(Layer.fresh(Sqlite.layer({ folder }))), Context.get(port))
      const openings = [yield* open, yield* open]
      let turn = 0
      return new Proxy(openings[0]!, { get: (_, name) => openings[turn++ % 2]![name as keyof S] })
    }),
  )

const mount = (...args: ReadonlyArray<string>): boolean => {
  try {
    execFileSync("mount", args, { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

/** A disk of its own, of 1.5 MB; nothing where this user may not mount one. */
export const smallDisk: Effect.Effect<string | undefined, never, Scope.Scope> = Effect.gen(function* () {
  const folder = yield* freshFolder
  const mounted = yield* Effect.acquireRelease(
    Effect.sync(() => mount("-t", "tmpfs", "-o", "size=1500k", "tmpfs", folder)),
    (mounted) => Effect.sync(() => mounted && execFileSync("umount", ["-l", folder])),
  )
  return mounted ? folder : undefined
})

/** Mounts it anew, for reading only. */
export const protect = (disk: string): boolean => mount("-o", "remount,ro", disk)
