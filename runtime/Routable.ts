/**
 * What a stored event must pass before it is sent on, where its contract may be absent: its subject is registered, and it
 * fits one of the registered revisions.
 *
 * One of them, for the writer may have been older or newer code than whatever registered last; the newest is tried first.
 * @module
 */
import { Effect, Result } from "effect"
import { EventInvalid } from "../core/ActorError.ts"
import { type StoredEvent, tombstone } from "../core/EventStore.ts"
import { RegistryUnavailable, type Revision, type SchemaNotRegistered } from "../core/SchemaRegistry.ts"
import type { Issue } from "../schemas/Issue.ts"
import * as Subject from "../schemas/Subject.ts"
import * as Validator from "../schemas/Validator.ts"
import { CachedRegistry } from "./CachedRegistry.ts"
import * as Metrics from "./RegistryMetrics.ts"

/** The first two mean that this event must not be sent until a person has acted; the last one: later. */
export type Unroutable = EventInvalid | SchemaNotRegistered | RegistryUnavailable
export type Routable = (
  event: Pick<StoredEvent, "aggregate" | "type" | "schemaVersion" | "payload">,
) => Effect.Effect<void, Unroutable>

const noRevision: ReadonlyArray<Issue> = []
const noJson: ReadonlyArray<Issue> = [{ pointer: "", rule: "Expected JSON text" }]
const unreadable = "a registered schema cannot be read"

/** The revision that the value fits; else what the newest one has against it. */
const judge = (
  revisions: ReadonlyArray<Revision>,
  value: unknown,
): Revision | ReadonlyArray<Issue> | typeof unreadable => {
  let said: ReadonlyArray<Issue> = noRevision
  let isUnreadable = false
  for (const revision of revisions.toReversed()) {
    const validator = Validator.make(revision.schema)
    if (Result.isFailure(validator)) isUnreadable = true
    else {
      const issues = validator.success(value)
      if (issues.length === 0) return revision
      if (said === noRevision) said = issues
    }
  }
  return isUnreadable ? unreadable : said
}

/** Checks events against the registry, as it is remembered. Reads it only for subjects, and misfits, that are new to it. */
export const make: Effect.Effect<Routable, never, CachedRegistry> = Effect.gen(function* () {
  const registry = yield* CachedRegistry
  const context = yield* Effect.context<never>()

  const invalid = (subject: string, issues: ReadonlyArray<Issue>) => {
    Metrics.SchemaValidationFailures.updateUnsafe(1, context)
    return new EventInvalid({ subject, issues })
  }

  return Effect.fnUntraced(function* ({ aggregate, payload, schemaVersion, type }) {
    // Reserved: it ends its stream and says nothing else.
    if (type === tombstone.type) return
    const subject = Subject.make(aggregate, type, schemaVersion)
    const parsed = Result.try(() => JSON.parse(payload) as unknown)
    if (Result.isFailure(parsed)) return yield* invalid(subject, noJson)
    const fits = Effect.map(registry.revisions(subject), (revisions) => {
      const found = judge(revisions, parsed.success)
      if (typeof found === "string" || !("hash" in found)) return found
      // What events fit is in use: an answer that lacks it is not believed.
      registry.look(subject, [found.hash])
      return undefined
    })
    if ((yield* fits) === undefined) return
    // Newer code may have registered a revision since: that it fits none counts only behind a fresh read.
    yield* registry.learn(subject, [])
    const misfit = yield* fits
    if (misfit === undefined) return
    if (misfit === unreadable) return yield* new RegistryUnavailable({ retryAfterSeconds: 1, reason: unreadable })
    const read = registry.look(subject, [])
    return yield* typeof read === "object" && read._tag === "RegistryUnavailable" ? read : invalid(subject, misfit)
  })
})
