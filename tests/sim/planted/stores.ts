/**
 * Stores with a mistake.
 * @module
 */
import { Clock, Effect } from "effect"
import type { Append, Outcome, Shape as Store, StoredEvent } from "../../../core/EventStore.ts"
import type { StreamKey } from "../../../core/Stream.ts"
import { inStore, type Planted } from "./Planted.ts"

/** What the store would have said, had it stored the append. */
const committed = ({ events, expected }: Append): Outcome => ({
  _tag: "Committed",
  head: { ...expected, version: expected.version + events.length },
  offset: undefined,
})

const acknowledgesFirst = inStore("acknowledges before it writes", [1], (store) => ({
  ...store,
  // The write follows, on a fiber that dies with its process.
  commit: (group) =>
    Effect.as(Effect.forkDetach(Effect.andThen(Effect.sleep(500), store.commit(group))), group.map(committed)),
}))

const skipsVersion = inStore("skips a version", [3], (store) => {
  const shown = (event: StoredEvent): StoredEvent =>
    event.version < 3 ? event : { ...event, version: event.version + 1 }
  return {
    ...store,
    read: (stream, after, limit) =>
      Effect.map(store.read(stream, after > 3 ? after - 1 : after, limit), (events) => events.map(shown)),
  }
})

const forgetsReceipts = inStore("forgets receipts", [5], (store, state) => ({
  ...store,
  commit: (group) =>
    Effect.map(store.commit(group), (outcomes) => {
      for (const { accepted } of state.streams.values()) accepted.clear()
      return outcomes
    }),
  receipt: () => Effect.succeed(undefined),
}))

const forgetsRefusals = inStore("forgets the receipts of rejections", [5], (store, state) => ({
  ...store,
  commit: (group) => Effect.map(store.commit(group), (outcomes) => (state.passing.clear(), outcomes)),
}))

/** Moves appends to wherever the stream ends now: nobody is fenced any more. */
const unfenced = (store: Store, which: (append: Append) => boolean): Store => ({
  ...store,
  commit: (group) =>
    Effect.flatMap(
      Effect.forEach(group, (append) =>
        which(append)
          ? Effect.map(store.head(append.stream), (expected) => ({ ...append, expected }))
          : Effect.succeed(append)),
      store.commit,
    ),
})

/** Mistakes in what is found of a command that was decided before. */
const repeats = (found: (outcome: Outcome, append: Append) => Outcome) => (store: Store): Store => ({
  ...store,
  commit: (group) => Effect.map(store.commit(group), (outcomes) => outcomes.map((one, i) => found(one, group[i]!))),
})
const anyBody = inStore(
  "takes another body for a repeat",
  [5],
  repeats((outcome, { command }) =>
    outcome._tag === "Duplicate"
      ? { ...outcome, receipt: { ...outcome.receipt, fingerprint: command!.fingerprint } }
      : outcome
  ),
)
const newestVersion = inStore(
  "answers a repeat with the newest version",
  [5],
  repeats((outcome, { expected }) =>
    outcome._tag === "Duplicate" ? { ...outcome, receipt: { ...outcome.receipt, version: expected.version } } : outcome
  ),
)

const storesTwice = inStore("stores a command twice", [5], (store, state) => ({
  ...store,
  commit: (group) =>
    Effect.gen(function* () {
      const outcomes = yield* store.commit(group)
      const [append, outcome] = [group.at(-1)!, outcomes.at(-1)!]
      if (outcome._tag !== "Committed" || append.events.length === 0) return outcomes
      const { commandId } = append.command!
      const accepted = [...state.streams.values()].map((stream) => stream.accepted).find((map) => map.has(commandId))!
      const receipt = accepted.get(commandId)!
      accepted.delete(commandId)
      yield* store.commit([{ ...append, expected: outcome.head }])
      accepted.set(commandId, receipt)
      return outcomes
    }),
}))

const noFence = inStore("fences nobody", [4], (store) => unfenced(store, ({ events }) => events.length > 0))
const noRejectionFence = inStore(
  "does not fence rejections and no-ops",
  [4],
  (store) => unfenced(store, ({ command, events }) => command !== undefined && events.length === 0),
)
const noReadFence = inStore(
  "does not fence reads",
  [4],
  (store) => unfenced(store, ({ command }) => command === undefined),
)

const dropsLast = inStore("drops the last command of a batch", [1], (store) => ({
  ...store,
  commit: (group) =>
    group.length === 1
      ? store.commit(group)
      : Effect.map(store.commit(group.slice(0, -1)), (outcomes) => [...outcomes, committed(group.at(-1)!)]),
}))

const clockFalls = inStore("takes the clock as it is", [19], (store, state) => ({
  ...store,
  commit: (group) =>
    Effect.gen(function* () {
      const before = state.log.length
      const outcomes = yield* store.commit(group)
      const recordedAt = yield* Clock.currentTimeMillis
      // The same objects stand in the streams.
      for (const event of state.log.slice(before)) Object.assign(event, { recordedAt })
      return outcomes
    }),
}))

const mixesTenants = inStore("leaves the tenant out of its keys", [14], (store) => {
  const shared = <S extends StreamKey>(stream: S): S => ({ ...stream, tenant: "tenant-1" })
  const given = (tenant: string) => (event: StoredEvent): StoredEvent => ({ ...event, tenant })
  return {
    ...store,
    commit: (group) => store.commit(group.map((append) => ({ ...append, stream: shared(append.stream) }))),
    read: (stream, after, limit) =>
      Effect.map(store.read(shared(stream), after, limit), (events) => events.map(given(stream.tenant))),
    readEach: (requests, limit) =>
      Effect.map(
        store.readEach(requests.map(({ after, stream }) => ({ after, stream: shared(stream) })), limit),
        (answers) => answers.map((events, i) => events.map(given(requests[i]!.stream.tenant))),
      ),
    receipt: (stream, commandId) => store.receipt(shared(stream), commandId),
  }
})

const tearsAppends = inStore("stores an append in part", [2], (store) => ({
  ...store,
  commit: (group) =>
    Effect.map(
      store.commit(group.map((append) => ({ ...append, events: append.events.slice(0, 2) }))),
      (outcomes) => outcomes.map((outcome, i) => outcome._tag === "Committed" ? committed(group[i]!) : outcome),
    ),
}))

export const stores: ReadonlyArray<Planted> = [
  acknowledgesFirst,
  skipsVersion,
  forgetsReceipts,
  forgetsRefusals,
  anyBody,
  newestVersion,
  storesTwice,
  noFence,
  noRejectionFence,
  noReadFence,
  dropsLast,
  clockFalls,
  mixesTenants,
  tearsAppends,
]
