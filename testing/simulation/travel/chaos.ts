/**
 * What befalls events on their way: the feed disorders them, shards split and merge, histories are forgotten, zombies land,
 * and processes are killed, paused and shut down, until the faults of the run end.
 * @module
 */
import { Effect } from "effect"
import * as CoreBusMemory from "../../../core/CoreBusMemory.ts"
import type { DeadLetter } from "../../../core/DeadLetters.ts"
import * as DeadLettersMemory from "../../../core/DeadLettersMemory.ts"
import * as ShardLogMemory from "../../../core/ShardLogMemory.ts"
import { keyOf } from "../../../core/Stream.ts"
import * as Discard from "../../../runtime/Discard.ts"
import type { Random } from "../random.ts"
import * as Crew from "./crew.ts"
import { newerFromMs } from "./plan.ts"

const roundMaxMs = 2_500
const downMaxMs = 8_000
const pauseMaxMs = 40_000
const lateMaxMs = 15_000
const shardsMax = 4
const [landChance, redriveChance, discardChance] = [0.2, 0.1, 0.1]

/** Brings what was stored into the change feed, each time before the clock moves. */
export const feeding = ({ faults, network, roads, world }: Crew.Setting): () => void => {
  const { feed, state } = roads
  feed.taken = Number.MAX_SAFE_INTEGER
  let taken = 0
  return () => {
    for (; taken < state.log.length; taken++) {
      const event = state.log[taken]!
      if (event.version === 1) roads.begun.set(keyOf(event), world.now())
      const add = () => ShardLogMemory.add(feed.log, keyOf(event), event)
      if (faults.strikes("feed-late", "feed")) network.later(faults.amount(lateMaxMs), add)
      else add()
      if (faults.strikes("feed-twice", "feed")) network.later(faults.amount(lateMaxMs), add)
    }
  }
}

/** Zombies of the bus arrive. */
export const land = ({ book, network, roads }: Crew.Setting): void => {
  CoreBusMemory.land(roads.bus, network.wallMs())
  book.look()
}

/** Somebody asks that every dead letter be tried again; twice, for that must change nothing. */
export const redriveAll = Effect.fnUntraced(function* ({ roads, world }: Crew.Setting) {
  const letters = DeadLettersMemory.make(roads.letters)
  for (const { asked, id, stream } of [...roads.letters.values()]) {
    if (asked !== "nothing") continue
    world.note("operator", `redrives ${id}`)
    yield* Effect.orDie(letters.ask(stream.tenant, id, "redrive"))
    yield* Effect.orDie(letters.ask(stream.tenant, id, "redrive"))
  }
})

/** Somebody asks that some of what was seen, long ago or now, be given up; twice, for that must change nothing. */
const discardSome = Effect.fnUntraced(function* (
  { book, roads, world }: Crew.Setting,
  seen: Array<DeadLetter>,
  random: Random,
) {
  const letters = DeadLettersMemory.make(roads.letters)
  seen.push(...[...roads.letters.values()].filter(Discard.isDiscardable))
  for (const { consumer, eventId, id, kind, stream, version } of seen.filter(() => random.chance(0.5))) {
    const event = roads.state.streams.get(keyOf(stream))?.events[version - 1]
    // What was never stored stays until it is mended.
    if (event === undefined || (kind === "message" && event.eventId !== eventId)) continue
    const row = yield* Effect.orDie(letters.ask(stream.tenant, id, "discard", version))
    yield* Effect.orDie(letters.ask(stream.tenant, id, "discard", version))
    const isTaken = row?.version === version
    if (isTaken) book.discards(consumer, event)
    world.note("operator", `${isTaken ? "discards" : "came too late to discard"} ${id} ${version}`)
  }
})

export const chaos = Effect.fnUntraced(function* (setting: Crew.Setting, slots: ReadonlyArray<Crew.Slot>) {
  const { book, faults, network, roads: { bus, feed }, world } = setting
  const random = world.random("travel chaos")
  const seen: Array<DeadLetter> = []
  const isNewer = () => world.now() >= newerFromMs
  while (true) {
    yield* Effect.sleep(1 + random.below(roundMaxMs))
    if (faults.hasEnded()) return
    if (random.chance(landChance)) land(setting)
    if (random.chance(redriveChance)) yield* redriveAll(setting)
    if (random.chance(discardChance)) yield* discardSome(setting, seen, random)

    const ofFeed = ShardLogMemory.openShards(feed.log)
    const one = random.pick(ofFeed)
    if (ofFeed.length < shardsMax && faults.strikes("feed-split", "feed", 0.1)) ShardLogMemory.split(feed.log, one)
    else if (ofFeed.length > 1 && faults.strikes("feed-merge", "feed", 0.1)) ShardLogMemory.merge(feed.log, one)
    if (faults.strikes("feed-trimmed", "feed", 0.1)) {
      const all = [...feed.log.shards.keys()]
      ShardLogMemory.trim(feed.log, random.pick(all))
    }
    const ofBus = CoreBusMemory.openShards(bus)
    if (ofBus.length < shardsMax && faults.strikes("bus-split", "bus", 0.1)) {
      CoreBusMemory.split(bus, random.pick(ofBus))
    } else if (ofBus.length > 1 && faults.strikes("bus-merge", "bus", 0.1)) {
      const shards = ofBus.map((id) => bus.shards.get(id)!).sort((a, b) => a.from - b.from)
      const at = random.below(shards.length - 1)
      CoreBusMemory.merge(bus, shards[at]!.shard.id, shards[at + 1]!.shard.id)
    }
    book.look()
    if (faults.strikes("bus-trimmed", "bus", 0.1)) CoreBusMemory.trim(bus, network.wallMs() - faults.amount(roundMaxMs))

    Crew.jump(setting, setting.writer)
    const slot = random.pick(slots)
    if (slot.live === undefined) {
      yield* Crew.open(setting, slot, isNewer())
      continue
    }
    if (faults.strikes("pause", slot.name)) slot.live.process.pause(faults.amount(pauseMaxMs))
    Crew.jump(setting, slot.live.process)
    if (faults.strikes("crash", slot.name)) Crew.kill(setting, slot)
    else if (faults.strikes("restart", slot.name)) yield* Crew.shutdown(setting, slot)
    if (slot.live !== undefined) continue
    yield* Effect.sleep(faults.amount(downMaxMs))
    yield* Crew.open(setting, slot, isNewer())
  }
})
