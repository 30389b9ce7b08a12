/**
 * Whether the filter of dead letters that found none names anything at all: a slip of the pen is not answered as if there
 * were nothing to do.
 * @module
 */
import { Effect, Schema } from "effect"
import type { App } from "../core/App.ts"
import { DeadLetters, type Filter, router } from "../core/DeadLetters.ts"
import { EventStore } from "../core/EventStore.ts"
import { streamOf } from "../core/Stream.ts"
import * as Start from "./workers/Start.ts"

/** There is no such consumer: name one of `known`, which are the application's and those of the tenant's newest letters. */
export class NoSuchConsumer extends Schema.TaggedError<NoSuchConsumer>()("NoSuchConsumer", {
  known: Schema.Array(Schema.String),
}) {}
/** The stream holds no event and has no letter: look at its name again. */
export class NoSuchStream extends Schema.TaggedError<NoSuchStream>()("NoSuchStream", {}) {}

/** Letters that are looked through for names. */
const newestMax = 100

/**
 * Fails where nobody is meant. A consumer is the router, one with letters of the tenant (those of one that was removed stay
 * within reach), one that has begun on this store, or one of the application, which is asked last.
 */
export const check = Effect.fnUntraced(function* (
  consumers: Effect.Effect<App["consumers"]>,
  tenant: string,
  { consumer, stream }: Filter,
) {
  const letters = yield* DeadLetters
  const has = (filter: Filter) =>
    Effect.map(letters.list(tenant, filter, undefined, 1), (page) => page.items.length > 0)
  if (stream !== undefined && !(yield* has({ stream }))) {
    if ((yield* (yield* EventStore).head(streamOf(stream))).version === 0) return yield* new NoSuchStream()
  }
  if (consumer === undefined || consumer === router) return
  if ((yield* has({ consumer })) || (yield* Start.hasBegun(consumer))) return
  const declared = Object.keys(yield* consumers)
  if (declared.includes(consumer)) return
  const { items } = yield* letters.list(tenant, {}, undefined, newestMax)
  const known = [...declared, ...items.map((letter) => letter.consumer), router]
  return yield* new NoSuchConsumer({ known: [...new Set(known)].toSorted() })
})
