/**
 * Hosts with a mistake, each made by something wrong between a true host and its ports.
 * @module
 */
import { Effect, Layer } from "effect"
import { Actors } from "../../../core/Actors.ts"
import { type Append, type Outcome, StoreUnavailable } from "../../../core/EventStore.ts"
import * as Limits from "../../../core/Limits.ts"
import { TickTrigger } from "../../../runtime/TickTrigger.ts"
import { signed } from "../../../testing/simulation/snapshotModel.ts"
import { inHost, type Planted, withSnapshots, withStore } from "./Planted.ts"

const unknownIsFailed = inHost(
  "calls an unknown outcome failed",
  [6],
  withStore((store) => ({
    ...store,
    commit: (group) =>
      Effect.catchTag(
        store.commit(group),
        "StoreOutcomeUnknown",
        () => Effect.fail(new StoreUnavailable({ reason: "refused" })),
      ),
  })),
)

const staleState = inHost(
  "tries a lost race again without deciding again",
  [7],
  withStore((store) => ({
    ...store,
    commit: (group) =>
      Effect.gen(function* () {
        const outcomes = yield* store.commit(group)
        const again: Array<Outcome> = []
        for (const [i, outcome] of outcomes.entries()) {
          if (outcome._tag !== "Conflict" || group[i]!.events.length === 0) again.push(outcome)
          else {
            const expected = yield* store.head(group[i]!.stream)
            again.push(...(yield* store.commit([{ ...group[i]!, expected }])))
          }
        }
        return again
      }),
  })),
)

/** In a field that no state depends on: only a second decision can tell. */
const otherEvents = inHost(
  "stores what was not decided",
  [7],
  withStore((store) => ({
    ...store,
    commit: (group) =>
      store.commit(group.map((append) => ({
        ...append,
        events: append.events.map((event) => ({
          ...event,
          payload: event.payload.replace('"entries":3', '"entries":4'),
        })),
      }))),
  })),
)

const trustsSnapshots = inHost(
  "uses a corrupt snapshot",
  [7],
  withSnapshots((store) => ({
    ...store,
    loadEach: (streams) => Effect.map(store.loadEach(streams), (all) => all.map((kept) => kept.map(signed))),
  })),
)

/** Answers some appends without asking the store. */
const unasked = (which: (append: Append) => boolean) =>
  withStore((store) => ({
    ...store,
    commit: (group) =>
      Effect.gen(function* () {
        const asked = group.filter((append) => !which(append))
        const outcomes = asked.length === 0 ? [] : [...yield* store.commit(asked)]
        return group.map((append): Outcome =>
          which(append) ? { _tag: "Committed", head: append.expected, offset: undefined } : outcomes.shift()!
        )
      }),
  }))
const readsFromMemory = inHost("answers reads from memory", [7], unasked(({ command }) => command === undefined))
const rejectsFromMemory = inHost(
  "answers rejections and no-ops from memory",
  [7],
  unasked(({ events, remember }) => remember && events.length === 0),
)

const wrongSnapshots = inHost(
  "stores a snapshot of another state",
  [12],
  withSnapshots((store) => ({
    ...store,
    save: (snapshot) => store.save(signed({ ...snapshot, state: snapshot.state.replace(/[1-8]/, "9") })),
  })),
)

const raised = (limits: Partial<Limits.Limits>) => (host: ReturnType<Parameters<typeof inHost>[2]>) =>
  Layer.provide(
    host,
    Layer.effect(Limits.Limits, Effect.map(Effect.service(Limits.Limits), (own) => ({ ...own, ...limits }))),
  )

const endlessMailbox = inHost("has a mailbox without bound", [16], raised({ mailbox: 1e9 }))
const noDeadline = inHost("answers whenever it likes", [17], raised({ requestTimeoutMs: 1e9 }))
const endlessGroup = inHost(
  "sends groups without bound",
  [16],
  withStore((store) => ({ ...store, appendMax: { ...store.appendMax, appends: 1e9 } })),
)
const restartStorm = inHost(
  "restarts without a budget",
  [16],
  raised({ restarts: 1e9, restartBackoffMs: 1, restartBackoffMaxMs: 1 }),
)

const losesTicks = inHost("loses a tick", [17], (host) =>
  Layer.provide(
    host,
    Layer.effect(
      TickTrigger,
      Effect.map(Effect.service(TickTrigger), ({ schedule }) => {
        let count = 0
        return { schedule: (task: () => void) => ++count % 40 === 0 ? undefined : schedule(task) }
      }),
    ),
  ))

const losesCallers = inHost("forgets a caller", [17], (host) =>
  Layer.provide(
    Layer.effect(
      Actors,
      Effect.map(Effect.service(Actors), (actors) => {
        let count = 0
        return { ...actors, send: (request) => ++count % 60 === 0 ? Effect.never : actors.send(request) }
      }),
    ),
    host,
  ))

export const hosts: ReadonlyArray<Planted> = [
  unknownIsFailed,
  staleState,
  otherEvents,
  trustsSnapshots,
  readsFromMemory,
  rejectsFromMemory,
  wrongSnapshots,
  endlessMailbox,
  endlessGroup,
  noDeadline,
  restartStorm,
  losesTicks,
  losesCallers,
]
