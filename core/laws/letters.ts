/**
 * For the laws of dead letters: tenants, consumers and letters of their own.
 * @module
 */
import { Effect } from "effect"
import { type DeadLetter, DeadLetters, type Failure, type Filter, idOf, type Shape } from "../DeadLetters.ts"
import type { StreamKey } from "../Stream.ts"
import { epochMs, freshTenant, type Law, walk } from "./fixtures.ts"

/** The tenant's name is also the consumer's: nobody else has letters of it. */
export const law = (
  name: string,
  body: (letters: Shape, tenant: string) => Generator<Effect.Effect<unknown, unknown>, void, never>,
): Law<DeadLetters> => ({
  name,
  law: Effect.gen(function* () {
    const letters = yield* DeadLetters
    const tenant = yield* freshTenant
    yield* Effect.gen(() => body(letters, tenant))
  }),
})

/** A stream that `consumer` could not go on with, tried last so many milliseconds after the first. */
export const parked = (stream: StreamKey, at: number, more: Partial<Failure> = {}): Failure => {
  const consumer = more.consumer ?? stream.tenant
  return {
    id: idOf(consumer, stream),
    kind: "stream",
    consumer,
    stream,
    version: 3,
    eventId: `event-${at}`,
    type: "OrderPlaced",
    error: "handler failed",
    attempts: 6,
    firstAt: epochMs,
    lastAt: epochMs + at,
    traceId: "0af7651916cd43dd8448eb211c80319c",
    ...more,
  }
}
export const message = (stream: StreamKey, eventId: string, at: number, more: Partial<Failure> = {}): Failure =>
  parked(stream, at, { kind: "message", eventId, id: idOf(more.consumer ?? stream.tenant, stream, eventId), ...more })

export const all = (letters: Shape, tenant: string, filter: Filter = {}, limit = 50) =>
  walk((cursor) => letters.list(tenant, filter, cursor, limit))
export const ids = (some: ReadonlyArray<DeadLetter>) => some.map(({ id }) => id)
