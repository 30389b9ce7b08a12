/**
 * Finds streams that are not routed up to their heads, whatever the feed has forgotten, and has them routed.
 *
 * What was stored a moment ago is on its way: a stream counts as behind only if its mark has not passed, after a while, the
 * head that was seen.
 * @module
 */
import { Array as Arrays, type Cause, Deferred, Effect, Exit, FiberSet, type Scope, Semaphore } from "effect"
import type { Shape as Feed, StreamHead } from "../../core/ChangeFeed.ts"
import { router } from "../../core/DeadLetters.ts"
import type { Page } from "../../core/EventStore.ts"
import { Limits } from "../../core/Limits.ts"
import type { Shape as Progress } from "../../core/Progress.ts"
import { keyOf, type StreamKey } from "../../core/Stream.ts"
import * as Defect from "../Defect.ts"
import { persist } from "./persist.ts"
import * as Shared from "./Shared.ts"

export interface Reconciler {
  /**
   * Looks at every stream there is when it is called; done once all that were behind are routed or parked, or wait for
   * something of their own: those are followed on without it, up to `shardWindow` of them. One more holds its page, and
   * with it the walk. Where it breaks on a stream it breaks, too, once it is through with the others.
   *
   * A process that dies forgets who waits: the mark is behind the head, and whoever has the shards finds it in its rounds.
   */
  readonly all: Effect.Effect<void>
  /** Looks at the next so many streams, round and round; what cannot be routed within `reconcileMs` is left for later. */
  readonly some: Effect.Effect<void>
}

/** Marks are read so many at a time. */
const batchMax = 100

export const make = Effect.fnUntraced(function* (
  feed: Pick<Feed, "heads">,
  progress: Pick<Progress, "read">,
  /** Done once the stream is routed up to its version, or parked; `onWait` as of `Lanes.follow`. */
  route: (head: StreamHead, onWait: () => void) => Effect.Effect<void>,
  /** Whether this process has any shard: without one it may route nothing. */
  isHeld: () => boolean,
): Effect.fn.Return<Reconciler, never, Scope.Scope> {
  const { leaseMs, reconcileMs, reconcilePage, shardWindow } = yield* Limits
  const shared = Shared.make()
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  /** Streams that wait for something of their own, by key, each with how far it is followed. */
  const waiting = new Map<string, { version: number }>()

  /** Whoever has the shards now may have routed it long since. */
  const over: Effect.Effect<void> = Effect.gen(function* () {
    do yield* Effect.sleep(reconcileMs)
    while (isHeld())
  })

  const follow = Effect.fnUntraced(function* (stream: StreamKey, to: { readonly version: number }) {
    for (let version = 0; version < to.version;) {
      version = to.version
      yield* route({ stream, version }, () => {})
    }
  })

  /** Whether it is followed from now on, whoever asked for it. */
  const keep = ({ stream, version }: StreamHead): boolean => {
    const key = keyOf(stream)
    const known = waiting.get(key)
    if (known !== undefined) known.version = Math.max(known.version, version)
    else if (waiting.size >= shardWindow) return false
    else {
      const to = { version }
      waiting.set(key, to)
      run(
        Effect.raceFirst(follow(stream, to), over).pipe(
          Effect.catchDefect((defect) => Defect.log("a stream that waited broke", defect, { stream: key })),
          Effect.ensuring(Effect.sync(() => waiting.delete(key))),
        ),
      )
    }
    return true
  }

  /** Done once it is routed or parked, or is kept. */
  const hand = (head: StreamHead): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (waiting.has(keyOf(head.stream)) && keep(head)) return Effect.void
      const kept = Deferred.makeUnsafe<void>()
      return Effect.raceFirst(
        route(head, () => {
          if (keep(head)) Deferred.doneUnsafe(kept, Exit.void)
        }),
        Deferred.await(kept),
      )
    })

  const behindOf = Effect.fnUntraced(function* (heads: ReadonlyArray<StreamHead>) {
    const behind: Array<StreamHead> = []
    for (const some of Arrays.chunksOf(heads, batchMax)) {
      const marks = yield* persist(progress.read(router, some.map(({ stream }) => stream)))
      behind.push(...some.filter(({ version }, at) => marks[at]!.version < version))
    }
    return behind
  })

  const mend = Effect.fnUntraced(function* (suspects: ReadonlyArray<StreamHead>) {
    if (suspects.length === 0) return
    yield* Effect.sleep(leaseMs / 2)
    const behind = yield* behindOf(suspects)
    if (behind.length === 0) return
    yield* Effect.logInfo("streams are behind their heads, and are routed from the store").pipe(
      Effect.annotateLogs({ count: behind.length, first: keyOf(behind[0]!.stream) }),
    )
    // One that breaks must not take the others with it.
    const all = yield* Effect.forEach(behind, (head) => Effect.exit(hand(head)), { concurrency: "unbounded" })
    const broken = all.find(Exit.isFailure)
    if (broken !== undefined) return yield* broken
  })

  /** A cursor that is refused is of another store: the walk ends, the next one begins anew. */
  const page = (cursor: string | undefined): Effect.Effect<Page<StreamHead>> =>
    persist(
      Effect.catchTag(feed.heads(cursor, reconcilePage), "BadCursor", () =>
        Effect.succeed({ items: [], cursor: undefined })),
    )

  const walk = Effect.scoped(Effect.gen(function* () {
    const mending = yield* FiberSet.make<void, never>()
    const broken: Array<Cause.Cause<never>> = []
    const note = (cause: Cause.Cause<never>) => Effect.sync(() => void (broken[0] ??= cause))
    const pages = yield* Semaphore.make(Math.max(1, Math.floor(shardWindow / reconcilePage)))
    let cursor: string | undefined
    do {
      const found = yield* page(cursor)
      cursor = found.cursor
      const suspects = yield* behindOf(found.items)
      if (suspects.length === 0) continue
      yield* pages.take(1)
      yield* FiberSet.run(mending, Effect.ensuring(Effect.onError(mend(suspects), note), pages.release(1)))
    } while (cursor !== undefined)
    yield* FiberSet.awaitEmpty(mending)
    // Whoever waits for the walk must not go on: a shard would forget that its history was lost.
    if (broken[0] !== undefined) return yield* Effect.failCause(broken[0])
  }))

  let at: string | undefined
  return {
    all: shared(walk),
    some: Effect.gen(function* () {
      const found = yield* page(at)
      at = found.cursor
      yield* mend(yield* behindOf(found.items))
    }).pipe(Effect.timeoutOption(reconcileMs), Effect.asVoid),
  }
})
