/**
 * What laws of stores are written with: a way to state, and small commands, events and appends to store.
 * @module
 */
import { Clock, Effect, Random, Schema } from "effect"
import {
  type Append,
  type CommandRecord,
  EventStore,
  type NewEvent,
  type Outcome,
  type Page,
  type Receipt,
  type Refusal,
  type Shape,
  type StoredEvent,
} from "../EventStore.ts"
import { canonical } from "../Fingerprint.ts"
import { empty, type StreamKey } from "../Stream.ts"

/** A law needs no store of its own: each uses a tenant of its own. */
export interface Law<S = EventStore> {
  readonly name: string
  readonly law: Effect.Effect<void, unknown, S>
}

/** The store under test breaks a law: mend the store. */
export class LawBroken extends Schema.TaggedError<LawBroken>()("LawBroken", { message: Schema.String }) {}

export const holds = (condition: boolean, message: string): Effect.Effect<void, LawBroken> =>
  condition ? Effect.void : Effect.fail(new LawBroken({ message }))

const shown = (value: unknown): string => {
  const text = canonical(value)
  return text.length > 2_000 ? `${text.slice(0, 2_000)} ...` : text
}

/** Equal as JSON values; a member that is `undefined` is an absent one. */
export const same = (actual: unknown, expected: unknown, what: string): Effect.Effect<void, LawBroken> =>
  canonical(actual) === canonical(expected)
    ? Effect.void
    : Effect.fail(new LawBroken({ message: `${what}: got ${shown(actual)}, wanted ${shown(expected)}` }))

/** A tenant that no other law of the store uses; the store may keep the data of earlier runs. */
export const freshTenant: Effect.Effect<string> = Effect.map(
  Effect.all([Random.next, Random.next]),
  (parts) => `law-${parts.map((part) => Math.floor(part * 2 ** 40).toString(36)).join("-")}`,
)

/** A law over the store and a tenant of its own. */
export const law = (
  name: string,
  body: (store: Shape, tenant: string) => Generator<Effect.Effect<unknown, unknown>, void, never>,
): Law => ({
  name,
  law: Effect.gen(function* () {
    const store = yield* EventStore
    const tenant = yield* freshTenant
    yield* Effect.gen(() => body(store, tenant))
  }),
})

/** A clock that shows what it is told, also an earlier time. */
export interface Hands {
  ms: number
}
export const epochMs = 1_767_225_600_000
export const withClock = (hands: Hands) => <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(self, Clock.Clock, {
    currentTimeMillisUnsafe: () => hands.ms,
    currentTimeMillis: Effect.sync(() => hands.ms),
    currentTimeNanosUnsafe: () => BigInt(hands.ms) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(hands.ms) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => BigInt(hands.ms) * 1_000_000n,
    monotonicTimeNanos: Effect.sync(() => BigInt(hands.ms) * 1_000_000n),
    sleep: () => Effect.void,
  })

/** The clock goes on as it did, and shows so much less. */
export const setBack = (ms: number) => <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Clock.clockWith((clock) => {
    const millis = () => clock.currentTimeMillisUnsafe() - ms
    const nanos = () => clock.currentTimeNanosUnsafe() - BigInt(ms) * 1_000_000n
    return Effect.provideService(self, Clock.Clock, {
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: nanos,
      currentTimeNanos: Effect.sync(nanos),
      monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
      monotonicTimeNanos: clock.monotonicTimeNanos,
      sleep: (duration) => clock.sleep(duration),
    })
  })

export const streamOf = (tenant: string, id: string, aggregate = "Order"): StreamKey => ({ tenant, aggregate, id })

export const command = (commandId: string, more: Partial<CommandRecord> = {}): CommandRecord => ({
  commandId,
  given: true,
  fingerprint: `fingerprint of ${commandId}`,
  correlationId: commandId,
  causationId: undefined,
  principal: "alice",
  traceparent: undefined,
  writerId: "writer-1",
  ...more,
})

export const event = (eventId: string, more: Partial<NewEvent> = {}): NewEvent => ({
  eventId,
  type: "Noted",
  schemaVersion: 1,
  payload: `{"of":"${eventId}"}`,
  ...more,
})

/** `count` events by the command `commandId`, decided on `version`. */
export const append = (
  stream: StreamKey,
  version: number,
  commandId: string,
  count = 1,
  more: { readonly given?: boolean; readonly type?: string } = {},
): Append => ({
  stream,
  expected: { ...empty, version },
  events: Array.from({ length: count }, (_, i) => event(`${commandId}.${i}`, { type: more.type ?? "Noted" })),
  command: command(commandId, { given: more.given ?? true }),
  remember: true,
  refusal: undefined,
})

/** An accepted no-op. */
export const noop = (stream: StreamKey, version: number, commandId: string): Append =>
  append(stream, version, commandId, 0)

export const sold: Refusal = { tag: "SoldOut", status: 409, members: `{"left": 0}` }
export const refused = (stream: StreamKey, version: number, commandId: string): Append => ({
  ...append(stream, version, commandId, 0),
  refusal: sold,
})

/** The fence of a read. */
export const fence = (stream: StreamKey, version: number): Append => ({
  ...append(stream, version, "", 0),
  command: undefined,
  remember: false,
})

export const commitOne = (store: Shape, one: Append) => Effect.map(store.commit([one]), ([outcome]) => outcome!)
export const tags = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<string> => outcomes.map(({ _tag }) => _tag)

/** Commits one append and expects it to go in. */
export const stored = Effect.fnUntraced(function* (store: Shape, one: Append) {
  const outcome = yield* commitOne(store, one)
  if (outcome._tag !== "Committed") return yield* new LawBroken({ message: `an append ended as ${outcome._tag}` })
  return outcome
})

/** Commits one append and expects to hear what the command answered before. */
export const repeated = Effect.fnUntraced(function* (store: Shape, one: Append): Effect.fn.Return<Receipt, unknown> {
  const outcome = yield* commitOne(store, one)
  if (outcome._tag !== "Duplicate") return yield* new LawBroken({ message: `a repeat ended as ${outcome._tag}` })
  return outcome.receipt
})

/** The whole stream, as pages give it. */
export const readAll = Effect.fnUntraced(function* (store: Shape, stream: StreamKey, limit = 500) {
  const all: Array<StoredEvent> = []
  while (true) {
    const page = yield* store.read(stream, all.length, limit)
    all.push(...page)
    if (page.length < limit) return all
  }
})

/** All items of a listing, as its cursors give them. */
export const walk = Effect.fnUntraced(function* <A, E>(
  next: (cursor: string | undefined) => Effect.Effect<Page<A>, E>,
  from?: string,
) {
  const all: Array<A> = []
  let cursor = from
  do {
    const page: Page<A> = yield* next(cursor)
    all.push(...page.items)
    cursor = page.items.length === 0 ? undefined : page.cursor
  } while (cursor !== undefined)
  return all
})
