/**
 * What this process has handled of the secondary events that come by two ways while a consumer walks through the store for
 * the first time: by its queue, and by the walk, which cannot know what was published before there was a queue.
 * @module
 */
import { Effect } from "effect"
import type { StoredEvent } from "../../core/EventStore.ts"
import type { Attempts, Once } from "./Attempts.ts"

export interface Handled {
  /** Done at once of what was done before. */
  readonly attempts: Attempts
  /** The walk is over: nothing is remembered any more. */
  readonly end: () => void
}

const done: Once = { _tag: "Done" }

/** Remembers the last `max`; what another process has handled comes twice all the same. */
export const make = (attempts: Attempts, isSecondary: (event: StoredEvent) => boolean, max: number): Handled => {
  let handled: Set<string> | undefined = new Set()
  const note = (eventId: string): void => {
    handled?.add(eventId)
    if (handled !== undefined && handled.size > max) handled.delete(handled.values().next().value!)
  }
  const once: Attempts["once"] = (event, number) =>
    Effect.suspend(() => {
      if (handled === undefined || !isSecondary(event)) return attempts.once(event, number)
      if (handled.has(event.eventId)) return Effect.succeed(done)
      return Effect.tap(attempts.once(event, number), (once) =>
        Effect.sync(() => {
          if (once._tag === "Done") note(event.eventId)
        }))
    })
  return { attempts: { ...attempts, once }, end: () => void (handled = undefined) }
}
