/**
 * Workers with a mistake: true routers and consumers, between them and their ports something wrong.
 * @module
 */
import { Effect, Fiber } from "effect"
import type { Lease } from "../../../core/Leases.ts"
import * as EventWire from "../../../core/EventWire.ts"
import type { Message, Queue } from "../../../core/Queue.ts"
import type { JsonSchema } from "../../../core/SchemaRegistry.ts"
import { type Hands, ownHands } from "../../../testing/simulation/travel/crew.ts"
import { noCut } from "../../../testing/simulation/run.ts"
import { run } from "../../../testing/simulation/travel/run.ts"
import { checkpointAt } from "../../../runtime/workers/shares.ts"
import * as Start from "../../../runtime/workers/Start.ts"
import type { Ports } from "../../../testing/simulation/travel/ports.ts"

export interface PlantedOnTheWay {
  readonly name: string
  /** The promises that it breaks: finding any of them is finding it. */
  readonly breaks: ReadonlyArray<number>
  readonly hands: Hands
}

const inPorts = (
  name: string,
  breaks: ReadonlyArray<number>,
  ports: (ports: Ports) => Partial<Ports>,
): PlantedOnTheWay => ({
  ...{ name, breaks },
  hands: { ...ownHands, ports: (own) => ({ ...own, ...ports(own) }) },
})

const skips = inPorts("believes that one more was routed", [8, 9, 10], ({ progress }) => {
  let first = true
  return {
    progress: {
      ...progress,
      read: (consumer, streams) =>
        Effect.map(progress.read(consumer, streams), (marks) => {
          const skip = first && consumer === "router" && marks.some(({ version }) => version > 0)
          if (skip) first = false
          return skip ? marks.map(({ core, version }) => ({ core, version: version + 1 })) : marks
        }),
    },
  }
})

const early = inPorts("keeps a checkpoint before the effect", [8, 10], ({ core, leases }) => {
  const read = new Map<string, string>()
  return {
    core: {
      ...core,
      read: (shard, after, limit) =>
        Effect.tap(core.read(shard, after, limit), ({ next }) => Effect.sync(() => void read.set(shard, next))),
    },
    leases: {
      ...leases,
      keep: (lease: Lease, checkpoint) => {
        const next = lease.name.startsWith("router/") ? undefined : read.get(lease.name.split("/shards/")[1] ?? "")
        return leases.keep(lease, next === undefined ? checkpoint : checkpointAt(next))
      },
    },
  }
})

const resendsFailed = inPorts("sends again only what failed, while newer events go on", [8, 9], ({ core }) => ({
  core: {
    ...core,
    publish: (records) =>
      Effect.gen(function* () {
        const sent = yield* core.publish(records)
        const failed = records.filter((_, i) => sent[i]!._tag === "NotSent")
        if (failed.length > 0) yield* Effect.forkDetach(Effect.andThen(Effect.sleep(3_000), core.publish(failed)))
        return records.map(() => ({ _tag: "Sent" as const }))
      }),
  },
}))

const acknowledges = inPorts("has two records of a stream under way", [8, 9], ({ core }) => ({
  core: {
    ...core,
    publish: (records) =>
      Effect.as(
        Effect.forkDetach(Effect.andThen(Effect.sleep(1_000 * (records.length % 3)), core.publish(records))),
        records.map(() => ({ _tag: "Sent" as const })),
      ),
  },
}))

const orphans = inPorts("reads a child shard before its parent's end", [9], ({ core, feed }) => ({
  core: { ...core, shards: Effect.map(core.shards, (all) => all.map(({ id }) => ({ id, parents: [] }))) },
  feed: { ...feed, shards: Effect.map(feed.shards, (all) => all.map(({ id }) => ({ id, parents: [] }))) },
}))

const neighbours = inPorts("takes the version before for the core event before", [9], ({ core }) => ({
  core: {
    ...core,
    publish: (records) =>
      core.publish(records.map(({ events, stream }) => ({
        stream,
        events: events.map((event) => ({ ...event, prevCore: event.version - 1 })),
      }))),
  },
}))

const passes = inPorts("goes on behind an event that it gave up", [8, 10], ({ letters, progress }) => ({
  letters: {
    ...letters,
    put: (letter) =>
      Effect.tap(
        letters.put(letter),
        ({ consumer, kind, stream, version }) =>
          kind === "stream" ? progress.advance(consumer, [{ stream, mark: { version, core: version } }]) : Effect.void,
      ),
  },
}))

const forgets = inPorts("forgets what it parked", [10, 17], ({ letters }) => ({
  letters: {
    ...letters,
    put: (letter) => Effect.succeed({ ...letter, asked: "nothing", fence: 1 }),
  },
}))

const blind = inPorts("never compares the heads of streams", [10], ({ feed }) => ({
  feed: { ...feed, heads: () => Effect.succeed({ items: [], cursor: undefined }) },
}))

const drops = inPorts("removes dead messages before they are kept", [10], ({ letters, secondary }) => ({
  letters: {
    ...letters,
    // Of what no consumer kept.
    put: (letter) => letter.kind === "message" && letter.attempts === 0 ? Effect.never : letters.put(letter),
  },
  secondary: {
    ...secondary,
    subscribe: (consumer, interests) =>
      Effect.map(secondary.subscribe(consumer, interests), (queue) => ({
        ...queue,
        dead: queue.dead && {
          ...queue.dead,
          receive: (max, options) => Effect.tap(queue.dead!.receive(max, options), (some) => queue.dead!.remove(some)),
        },
      })),
  },
}))

const hasty: PlantedOnTheWay = {
  ...{ name: "takes a redrive for done before it is", breaks: [8, 10, 17] },
  hands: { ...ownHands, redo: (redo) => ({ ...redo, stream: () => Effect.succeed({ _tag: "Done" }) }) },
}

const greedy: PlantedOnTheWay = {
  ...{ name: "gives up the next event, too", breaks: [8, 10] },
  hands: {
    ...ownHands,
    redo: ({ discard, ...redo }) =>
      discard === undefined ? redo : {
        ...redo,
        discard: (stream, version) => Effect.tap(discard(stream, version), () => discard(stream, version + 1)),
      },
  },
}

const anything: JsonSchema = { type: "object" }
const unasked: PlantedOnTheWay = {
  ...{ name: "sends what no schema allows", breaks: [15] },
  hands: {
    ...ownHands,
    registry: (registry) => ({
      ...registry,
      look: () => true,
      learn: () => Effect.void,
      revisions: (subject) => Effect.succeed([{ subject, revision: 1, schema: anything, hash: "" }]),
    }),
  },
}

const unheld = inPorts("keeps a message from nobody while it works", [10], ({ secondary }) => ({
  secondary: {
    ...secondary,
    subscribe: (consumer, interests) =>
      Effect.map(secondary.subscribe(consumer, interests), (queue) => ({
        ...queue,
        receive: (max, options) => Effect.tap(queue.receive(max, options), (some) => queue.remove(some)),
      })),
  },
}))

const clocked = inPorts("begins where its clock says that the bus ends", [8, 10], ({ core, leases }) => ({
  leases: {
    ...leases,
    keep: (lease: Lease, checkpoint) => {
      const started = lease.name.endsWith("/start") ? Start.read(checkpoint) : undefined
      if (started?.ends === undefined) return leases.keep(lease, checkpoint)
      const { ends: _, ...rest } = started
      return leases.keep(lease, JSON.stringify({ ...rest, position: core.positionAt(started.sinceMs) }))
    },
  },
}))

/** What a consumer does with messages that are no events, before anybody else sees them. */
const unreadable = (
  name: string,
  breaks: PlantedOnTheWay["breaks"],
  act: (queue: Queue, some: ReadonlyArray<Message>) => Effect.Effect<unknown, unknown>,
) =>
  inPorts(name, breaks, ({ secondary }) => ({
    secondary: {
      ...secondary,
      subscribe: (consumer, interests) =>
        Effect.map(secondary.subscribe(consumer, interests), (queue) => ({
          ...queue,
          receive: (max, options) =>
            Effect.gen(function* () {
              const all = yield* queue.receive(max, options)
              const some = all.filter(({ body }) => EventWire.decode(body) === undefined)
              if (some.length > 0) yield* Effect.ignore(act(queue, some))
              return all.filter((message) => !some.includes(message))
            }),
        })),
    },
  }))
const discards = unreadable("throws away a message that it cannot read", [10], (queue, some) => queue.remove(some))
const circles = unreadable(
  "never gives up a message that it cannot read",
  // It goes round as fast as it is taken.
  [10, 17],
  (queue, some) => Effect.andThen(queue.send(some.map(({ body }) => body)), queue.remove(some)),
)

const marksFirst: PlantedOnTheWay = {
  ...{ name: "marks an event before its handler has ended", breaks: [8, 10] },
  hands: {
    ...ownHands,
    app: (app) => ({
      ...app,
      consumers: Object.fromEntries(
        Object.entries(app.consumers).map(([name, consumer]) => [name, {
          ...consumer,
          handler: (event: never, about: Parameters<typeof consumer.handler>[1]) =>
            Effect.asVoid(Effect.flatMap(
              Effect.forkDetach(Effect.ignore(consumer.handler(event, about))),
              (fiber) => Effect.timeoutOption(Fiber.await(fiber), 1),
            )),
        }]),
      ),
    }),
  },
}

export const onTheWay: ReadonlyArray<PlantedOnTheWay> = [
  ...[skips, early, resendsFailed, acknowledges, orphans, neighbours, passes, forgets, blind, drops, hasty, unheld],
  ...[marksFirst, unasked, discards, circles, greedy, clocked],
]

/** Where each was found; another seed is as good, once a change of the workers or of the simulation moves it. */
export const foundOnTheWay: Readonly<Record<string, number>> = {
  "begins where its clock says that the bus ends": 3,
  "believes that one more was routed": 3,
  "forgets what it parked": 8,
  "gives up the next event, too": 8,
  "goes on behind an event that it gave up": 1,
  "has two records of a stream under way": 1,
  "keeps a checkpoint before the effect": 6,
  "keeps a message from nobody while it works": 3,
  "marks an event before its handler has ended": 5,
  "never gives up a message that it cannot read": 3,
  "never compares the heads of streams": 1,
  "reads a child shard before its parent's end": 3,
  "removes dead messages before they are kept": 3,
  "sends again only what failed, while newer events go on": 3,
  "sends what no schema allows": 1,
  "throws away a message that it cannot read": 3,
  "takes a redrive for done before it is": 9,
  "takes the version before for the core event before": 1,
}

/** Whether the run of a seed breaks one of the promises that the bug breaks. */
export const isFoundOnTheWay = async ({ breaks, hands }: PlantedOnTheWay, seed: number): Promise<boolean> =>
  (await run(seed, noCut, hands)).seen.some(({ invariant }) => breaks.includes(invariant))
