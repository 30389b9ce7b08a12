/**
 * One seed of events on their way: writers store, routers and consumers of several processes bring it to its end, faults
 * strike and end, everything settles, and is judged.
 * @module
 */
import { Cause, Effect, Exit, Fiber } from "effect"
import type { StoredEvent } from "../../../core/EventStore.ts"
import type * as Limits from "../../../core/Limits.ts"
import { lowered } from "../../../core/Limits.ts"
import * as SecondaryBusMemory from "../../../core/SecondaryBusMemory.ts"
import * as Start from "../../../runtime/workers/Start.ts"
import { interestsOf } from "../../../runtime/workers/SecondaryConsumer.ts"
import * as Subject from "../../../schemas/Subject.ts"
import { allKinds, kindsOfTravel, make as makeFaults } from "../Faults.ts"
import type { Faults, Kind } from "../Faults.ts"
import * as registryModel from "../registryModel.ts"
import type { Cut, Violation } from "../run.ts"
import type { Commit } from "../storeModel.ts"
import * as World from "../World.ts"
import * as Book from "./Book.ts"
import { chaos, feeding } from "./chaos.ts"
import { conclude } from "./conclude.ts"
import * as Crew from "./crew.ts"
import * as domain from "./domain.ts"
import * as Plan from "./plan.ts"
import * as Roads from "./Roads.ts"
import * as Spoils from "./spoils.ts"
import { append } from "./writers.ts"

export interface Travel {
  readonly world: World.World
  readonly faults: Faults
  readonly seen: ReadonlyArray<Violation>
  readonly book: Book.Book
  readonly logs: ReadonlyArray<string>
}

/** A run holds some dozens of events: under these, windows fill, pages end and marks are forgotten. */
const small: Partial<Limits.Limits> = {
  ...{ page: 3, marks: 4, lanes: 4, handlers: 4, shardPage: 4, shardWindow: 12 },
  ...{ reconcileMs: 10_000, reconcilePage: 3 },
}
/** A run lasts for minutes that cost nothing, unless somebody looks several times a second. */
const slow: Partial<Limits.Limits> = {
  // Longer than a listing of streams is stale.
  settleMs: 8_000,
  leaseMs: 18_000,
  shardPollMs: 4_000,
  redrivePollMs: 8_000,
  sweepMs: 4_000,
  tailPollMs: 20_000,
}
const limits: Limits.Limits = { ...lowered(small), ...slow }

const declared = registryModel.declared([domain.app])
const others: ReadonlyArray<Kind> = allKinds.filter((kind) => !kindsOfTravel.includes(kind))

/** The result depends on the seed, the cut and the planted bug alone. */
export const run = async (seed: number, cut: Cut, hands: Crew.Hands = Crew.ownHands): Promise<Travel> => {
  const world = World.make(seed)
  const faults = makeFaults(world, new Set([...others, ...cut.faults]))
  const plan = Plan.make(world, faults, cut.operations)
  const random = world.random("travel")
  const [network, writer] = [world.process("network"), world.process("writer")]
  const [seen, logs, commits]: [Array<Violation>, Array<string>, Array<Commit>] = [[], [], []]
  const consumers = Object.values(domain.app.consumers)
  const isPoison = (consumer: string, eventId: string) => plan.poison.has(`${consumer} ${eventId}`)
  const slots = random.pick<ReadonlyArray<Crew.Role>>([
    ["router", "router", "consumers", "consumers"],
    ["all", "all"],
    ["router", "all", "consumers"],
  ]).map((role, i): Crew.Slot => ({ name: `${role}${i + 1}`, role, live: undefined, opened: 0 }))
  const roads = await Effect.runPromise(Roads.make({ feed: 1 + random.below(3), bus: 1 + random.below(3) }))
  const registry = registryModel.begin(
    faults,
    new Map([...declared].filter(([subject]) => !subject.includes("Lent"))),
  )
  for (const [subject, revisions] of declared) {
    if (!subject.includes("Lent")) continue
    ;(faults.strikes("schema-late", "world", 0.5) ? registry.late : registry.revisions).set(subject, revisions)
  }
  const byName = new Map(consumers.map((one) => [one.name, one]))
  const spoils = Spoils.make(world, faults, byName)
  const rules = {
    ...{ app: domain.app, consumers: byName, isPoison, spoils },
    deployed: new Set(Object.keys(domain.olderApp.consumers)),
    isSpoilt: (eventId: string) => plan.spoilt.has(eventId),
    isRegistered: ({ aggregate, schemaVersion, type }: StoredEvent) =>
      registry.revisions.has(Subject.make(aggregate, type, schemaVersion)),
  }
  const book = Book.make(world, roads, rules, seen)
  const setting = {
    ...{ world, faults, roads, book, network, writer, commits, limits, hands, logs, seen, plan, registry, spoils },
    mended: { isSo: false, isPoison, walkedAt: 0 },
  }
  const feed = feeding(setting)
  world.onSettled(() => {
    feed()
    book.look()
  })

  const write = Effect.gen(function* () {
    for (const { atMs, events, n, stream } of plan.writings) {
      yield* Effect.sleep(Math.max(0, atMs - world.now()))
      yield* append(setting, stream, `w-${n}`, events)
    }
  })
  const main = Effect.gen(function* () {
    // As a deployment has them before anything runs; the newer release brings its own.
    const topic = SecondaryBusMemory.make(roads.queues)
    for (const consumer of consumers.filter(({ name }) => rules.deployed.has(name))) {
      const interests = interestsOf(consumer)
      if (interests.length > 0) yield* Effect.orDie(topic.subscribe(consumer.name, interests))
    }
    for (const slot of slots) yield* Crew.open(setting, slot, false)
    // What is stored from then on is for whoever begins now, too.
    while (Start.read(roads.leases.get(`${domain.fromNow}/start`)?.checkpoint) === undefined) yield* Effect.sleep(100)
    const chaotic = yield* Effect.forkChild(chaos(setting, slots))
    yield* write
    faults.end()
    yield* Fiber.join(chaotic)
    yield* conclude(setting, slots, consumers)
  })
  await finish(world.run(network, main), seen)
  return { world, faults, seen, book, logs }
}

/** A run that does not end, or that throws, is a finding like any other. */
const finish = async (running: Promise<Exit.Exit<void>>, seen: Array<Violation>): Promise<void> => {
  try {
    const exit = await running
    if (Exit.isFailure(exit)) seen.push({ invariant: 17, message: `the run broke: ${Cause.pretty(exit.cause)}` })
  } catch (error) {
    seen.push({ invariant: 17, message: `${error}` })
  }
}
