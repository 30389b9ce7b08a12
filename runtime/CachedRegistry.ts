/**
 * What is known of a schema registry: a bounded cache around any other one, so that storing events rarely waits for it
 * and goes on without it.
 *
 * Revisions never change, so what was read once stays true: it is read again within `registryCacheMs`, and believed
 * beyond that only while the registry cannot be read, or lacks what it said and what is in use here. That something is
 * missing counts only behind a fresh read, and for `registryRetryMs`.
 * @module
 */
import { Clock, Context, Deferred, Effect, Exit, FiberSet, Layer, Metric, type Scope, Semaphore } from "effect"
import { Limits } from "../core/Limits.ts"
import * as Registry from "../core/SchemaRegistry.ts"
import * as Defect from "./Defect.ts"
import { type Entry, type Missing, RegistryCache } from "./RegistryCache.ts"
import * as Metrics from "./RegistryMetrics.ts"

export interface Shape extends Registry.Shape {
  /**
   * Whether one of these hashes is among the subject's revisions, as far as it is known at once; nothing: it must be
   * learned. Costs a look into a map. Several hashes, for a registry may hold the schema in another dialect.
   */
  readonly look: (subject: string, hashes: ReadonlyArray<string>) => true | Missing | undefined
  /**
   * Reads the subject where `look` has no answer; right behind it `look` has one. Never fails, and is bounded in time.
   * Callers that come meanwhile wait for the same read.
   */
  readonly learn: (subject: string, hashes: ReadonlyArray<string>) => Effect.Effect<void>
}

/** A registry that is remembered. */
export class CachedRegistry extends Context.Service<CachedRegistry, Shape>()("nexus/runtime/CachedRegistry") {
  /** Around another registry, in whose place it also stands. */
  static readonly layer: Layer.Layer<CachedRegistry | Registry.SchemaRegistry, never, Registry.SchemaRegistry> = Layer
    .effectContext(Effect.suspend(() =>
      Effect.map(
        make,
        (cached) => Context.make(CachedRegistry, cached).pipe(Context.add(Registry.SchemaRegistry, cached)),
      )
    ))
}

/** A read under way, or waiting for its turn. */
interface Flight {
  readonly landed: Deferred.Deferred<void>
  /** This process has registered a revision since the read began: what it finds may be older. */
  overtaken: boolean
}

const make: Effect.Effect<Shape, never, Registry.SchemaRegistry | Scope.Scope> = Effect.gen(function* () {
  const registry = yield* Registry.SchemaRegistry
  const limits = yield* Limits
  const clock = yield* Clock.Clock
  const reads = yield* Semaphore.make(limits.registryReads)
  const run = yield* FiberSet.makeRuntime<never>()
  const cache = new RegistryCache(limits)
  const flights = new Map<string, Flight>()

  const nowMs = () => clock.currentTimeMillisUnsafe()
  const inTime = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E | Registry.RegistryUnavailable> =>
    Effect.timeoutOrElse(self, {
      duration: limits.registryTimeoutMs,
      orElse: () => Effect.fail(cache.unavailable("no answer in time")),
    })

  /** Says it once a trouble, not once a read. */
  const fail = Effect.fnUntraced(function* (subject: string, error: Missing) {
    const news = !cache.isTroubled(subject)
    cache.missed(subject, error, nowMs())
    if (!cache.isTroubled(subject)) return
    yield* Metric.update(Metrics.RegistryFailures, 1)
    if (!news) return
    const reason = error._tag === "RegistryUnavailable" ? error.reason : "revisions have vanished"
    yield* Effect.logWarning("schema registry cannot be read").pipe(Effect.annotateLogs({ subject, reason }))
  })

  const read = Effect.fnUntraced(function* (subject: string, flight: Flight) {
    while (true) {
      flight.overtaken = false
      const began = nowMs()
      const exit = yield* Effect.exit(inTime(registry.revisions(subject)))
      if (flight.overtaken) continue
      if (Exit.isSuccess(exit)) {
        const troubled = cache.isTroubled(subject)
        const { changed, refused } = cache.found(subject, exit.value, began, nowMs())
        if (refused !== undefined) return yield* fail(subject, cache.unavailable(refused))
        if (changed !== undefined) {
          yield* Metric.update(Metrics.RegistryFailures, 1)
          yield* Effect.logWarning("schema registry contradicts itself").pipe(
            Effect.annotateLogs({ subject, reason: changed }),
          )
        }
        if (troubled) yield* Effect.logInfo("schema registry is read again").pipe(Effect.annotateLogs({ subject }))
        return
      }
      const reason = exit.cause.reasons.find(({ _tag }) => _tag === "Fail")
      if (reason?._tag === "Fail") return yield* fail(subject, reason.error)
      const die = exit.cause.reasons.find(({ _tag }) => _tag === "Die")
      yield* Defect.log("schema registry failed", die?._tag === "Die" ? die.defect : undefined)
      return yield* fail(subject, cache.unavailable("defect"))
    }
  })

  const fly = (subject: string): Effect.Effect<void> => {
    const underWay = flights.get(subject)
    if (underWay !== undefined) return Deferred.await(underWay.landed)
    if (flights.size >= limits.registryQueue) return fail(subject, cache.unavailable("too many wait for it"))
    const flight: Flight = { landed: Deferred.makeUnsafe(), overtaken: false }
    flights.set(subject, flight)
    // A fiber of its own: whoever asked first may give up, those who wait with him do not.
    run(reads.withPermits(1)(read(subject, flight))).addObserver(() => {
      flights.delete(subject)
      Deferred.doneUnsafe(flight.landed, Effect.void)
    })
    return Deferred.await(flight.landed)
  }

  /** The subject's entry, as far as it is known that it holds that or why not; nothing: it must be read first. */
  const ask = (subject: string, holds: (entry: Entry) => boolean): Entry | Missing | undefined => {
    const now = nowMs()
    const entry = cache.current(subject, now)
    if (entry === undefined || "_tag" in entry) return entry
    if (!holds(entry)) return cache.miss(subject, entry, now)
    if (cache.isDue(entry, now)) void fly(subject)
    return entry
  }
  const isOneOf = (hashes: ReadonlyArray<string>) => (entry: Entry): boolean => {
    const held = hashes.find((hash) => entry.hashes.has(hash))
    if (held !== undefined) entry.inUse.add(held)
    return held !== undefined
  }
  const entryOf = (subject: string, holds: (entry: Entry) => boolean): Effect.Effect<Entry, Missing> =>
    Effect.suspend(() => {
      const answer = (found: Entry | Missing | undefined) =>
        found === undefined
          ? Effect.fail(cache.unavailable("closed"))
          : "_tag" in found
          ? Effect.fail(found)
          : Effect.succeed(found)
      const found = ask(subject, holds)
      return found === undefined ? Effect.flatMap(fly(subject), () => answer(ask(subject, holds))) : answer(found)
    })

  const look: Shape["look"] = (subject, hashes) => {
    const found = ask(subject, isOneOf(hashes))
    return found === undefined || "_tag" in found ? found : true
  }
  const incompatible = Metric.update(Metrics.CompatibilityFailures, 1)
  return CachedRegistry.of({
    look,
    learn: (subject, hashes) =>
      Effect.suspend(() =>
        look(subject, hashes) === undefined
          // Whoever waited for it depends on it, even if it looks much later.
          ? Effect.map(fly(subject), () => void look(subject, hashes))
          : Effect.void
      ),
    get: (subject, revision) => {
      const of = ({ revisions }: Entry) =>
        revision === "latest" ? revisions.at(-1) : revisions.find((one) => one.revision === revision)
      return entryOf(subject, (entry) => of(entry) !== undefined).pipe(
        Effect.map((entry) => of(entry)!),
        Effect.mapError((error) =>
          error._tag === "SchemaNotRegistered" ? Registry.SchemaNotRegistered.of(subject, revision) : error
        ),
      )
    },
    revisions: (subject) => Effect.map(entryOf(subject, () => true), ({ revisions }) => revisions),
    subjects: (after, limit) => inTime(registry.subjects(after, limit)),
    check: (subject, schema) =>
      Effect.tap(
        inTime(registry.check(subject, schema)),
        ({ differences }) => differences.length === 0 ? Effect.void : incompatible,
      ),
    register: (subject, schema) =>
      inTime(registry.register(subject, schema)).pipe(
        Effect.tap((revision) =>
          Effect.sync(() => {
            const flight = flights.get(subject)
            if (flight !== undefined) flight.overtaken = true
            cache.registered(revision, nowMs())
          })
        ),
        Effect.tap(Metric.update(Metrics.SchemaRegistrations, 1)),
        Effect.tapError(({ _tag }) => _tag === "IncompatibleSchema" ? incompatible : Effect.void),
      ),
    setMode: (subject, mode) => inTime(registry.setMode(subject, mode)),
  })
})
