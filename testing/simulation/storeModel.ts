/**
 * The store as the processes see it: the real one behind faults, every commit written down at the moment it happens.
 *
 * A call runs in one go, as a transaction does, and its answer travels back as a task of its own; a process that died
 * meanwhile never hears it, yet what was stored stays stored.
 * @module
 */
import { Effect, type Exit } from "effect"
import {
  type Append,
  EventStore,
  type Outcome,
  type Shape,
  StoreOutcomeUnknown,
  StoreUnavailable,
} from "../../core/EventStore.ts"
import { mistake } from "../../core/group.ts"
import { keyOf } from "../../core/Stream.ts"
import type { Faults } from "./Faults.ts"
import type { Process } from "./Process.ts"
import type { Violation } from "./run.ts"
import type { World } from "./World.ts"

/** What the store answered to one append, whoever heard it. */
export interface Commit {
  /** Steps of the world when the call began and when it was done; equal where the store does not wait. */
  readonly began: number
  readonly ended: number
  readonly who: string
  /** The process that decided it, also where the network brought it. */
  readonly by: string
  /** The same for all appends of one group. */
  readonly group: number
  readonly append: Append
  readonly outcome: Outcome
}

const delayMaxMs = 40_000

/** Runs a call of a store in one go and brings its answer back to `process`; an interrupt does not undo it. */
export const call = <A, E>(process: Process, effect: Effect.Effect<A, E>, done?: (exit: Exit.Exit<A, E>) => void) =>
  Effect.callback<A, E>((resume) => {
    Effect.runForkWith(process.atomic)(effect).addObserver((exit) => {
      done?.(exit)
      process.post(() => resume(exit))
    })
  })

/** Commits past all faults, written down. */
export const recorded =
  (world: World, base: Shape, commits: Array<Commit>) =>
  (from: Process, group: ReadonlyArray<Append>, by = from.name) => {
    const began = world.step()
    return call(from, base.commit(group), (exit) => {
      if (exit._tag === "Failure") return world.note(from.name, "the store failed a commit")
      const first = commits.length
      exit.value.forEach((outcome, i) => {
        const append = group[i]!
        commits.push({ began, ended: world.step(), who: from.name, by, group: first, append, outcome })
        world.note(from.name, `commit ${describe(append)} ${outcome._tag}`)
      })
    })
  }

export const make = (
  world: World,
  process: Process,
  /** Where late commits travel; it never dies. */
  network: Process,
  base: Shape,
  faults: Faults,
  commits: Array<Commit>,
  appendsMax: number,
  seen: Array<Violation>,
): Shape => {
  const who = process.name
  const store = recorded(world, base, commits)
  const unknown = Effect.fail(new StoreOutcomeUnknown({ reason: "lost" }))
  const delayed = (kind: "delay-commit" | "delay-answer" | "delay-read") =>
    Effect.suspend(() => faults.strikes(kind, who) ? Effect.sleep(faults.amount(delayMaxMs)) : Effect.void)

  const appendMax = { ...base.appendMax, appends: Math.min(base.appendMax.appends, appendsMax) }

  const commit: Shape["commit"] = Effect.fnUntraced(function* (group) {
    const wrong = mistake(group, appendMax)
    if (wrong !== undefined) {
      seen.push({ invariant: 16, message: `${who} sent ${wrong}` })
      return yield* Effect.die(new Error(wrong))
    }
    if (group.every(isLookedUp)) yield* delayed("delay-commit")
    if (faults.strikes("refuse", who)) return yield* new StoreUnavailable({ reason: "refused" })
    if (faults.strikes("throttle", who)) return yield* new StoreUnavailable({ reason: "throttled" })
    if (faults.strikes("conflict", who)) return yield* new StoreUnavailable({ reason: "contended" })
    if (faults.strikes("fail-commit", who)) return yield* unknown
    if (faults.strikes("late-commit", who)) {
      const late = group.filter(isLookedUp)
      network.later(faults.amount(delayMaxMs), () => Effect.runForkWith(network.context)(store(network, late, who)))
      return yield* unknown
    }
    // Chains are cut, never holed: what comes behind a missing append could not have been stored.
    if (group.length > 1 && faults.strikes("half-group", who)) {
      yield* store(process, group.slice(0, faults.amount(group.length - 1)))
      return yield* unknown
    }
    const outcomes = yield* store(process, group)
    if (faults.strikes("lose-answer", who)) return yield* unknown
    yield* delayed("delay-answer")
    return outcomes
  })

  const reading = <Args extends ReadonlyArray<unknown>, A, E>(read: (...args: Args) => Effect.Effect<A, E>) =>
    Effect.fnUntraced(function* (...args: Args) {
      yield* delayed("delay-read")
      if (faults.strikes("throttle", who)) return yield* new StoreUnavailable({ reason: "throttled" })
      if (faults.strikes("refuse-read", who)) return yield* new StoreUnavailable({ reason: "refused" })
      return yield* call(process, read(...args))
    }) as (...args: Args) => Effect.Effect<A, E | StoreUnavailable>

  return EventStore.of({
    kind: base.kind,
    appendMax,
    commit,
    read: reading(base.read),
    readEach: reading(base.readEach),
    readBackwards: reading(base.readBackwards),
    head: reading(base.head),
    receipt: reading(base.receipt),
    byTime: reading(base.byTime),
    feed: reading(base.feed),
    feedEnd: Effect.suspend(reading(() => base.feedEnd)),
    streams: reading(base.streams),
  })
}

/**
 * Whether a commit may land after its caller was told that the outcome is unknown and had it decided elsewhere. Events
 * under a generated id may go in without a look for their receipt (`CommandRecord.given`), which is safe only in a store
 * whose commits never land late; so here they never do.
 */
const isLookedUp = ({ command, events }: Append): boolean => events.length === 0 || command?.given === true

const describe = ({ stream, expected, events, command, refusal }: Append): string =>
  [
    keyOf(stream),
    `at ${expected.version}`,
    command?.commandId ?? "read",
    events.map((event) => event.type).join("+") || refusal?.tag || "nothing",
  ].join(" ")
