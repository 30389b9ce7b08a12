/**
 * The faults of a run: each kind is enabled with p = 0.25, and then strikes with p = 0.25 wherever it could.
 *
 * So runs differ in which faults exist, not only in when they strike. All of them sit in layers around ports and in the
 * plan of the run; production code knows none.
 * @module
 */
import type { World } from "./World.ts"

/** Every fault of hosts and their clients, and what it does. */
const hostKinds = {
  "refuse": "the store refuses a commit; nothing is stored",
  "lose-answer": "the commit is stored, its answer lost",
  "throttle": "the store throttles a call",
  "conflict": "a transaction of the store meets another one",
  "fail-commit": "the commit fails with an unknown outcome; nothing is stored",
  "half-group": "a part of the group is stored, then the answer is lost",
  "late-commit": "the answer is unknown, the commit lands seconds later",
  "delay-commit": "a commit waits before it is done",
  "delay-answer": "a commit is done, its answer waits",
  "limit-refused": "the limiter of questions after the past cannot be asked",
  "limit-lost": "a verdict of the limiter is lost, an admission counts",
  "refuse-read": "the store refuses a read",
  "delay-read": "a read waits",
  "second-writer": "another process works on the same streams",
  "older-code": "a process with the previous release works on the same streams",
  "close-stream": "a stream ends with a tombstone",
  "crash": "a process is killed and another one opens the same data",
  "restart": "a process shuts down in order under load",
  "pause": "a process stands still, then goes on as if nothing had been",
  "snapshot-refused": "a snapshot can be neither stored nor read",
  "snapshot-torn": "half of a snapshot's state is there",
  "snapshot-corrupt": "one character of a snapshot is another one",
  "snapshot-foreign": "a snapshot of another history under the same name",
  "snapshot-newer": "a snapshot that is ahead of its stream",
  "clock-back": "a process's clock jumps back, up to an hour",
  "clock-forward": "a process's clock jumps ahead, up to an hour",
  "timer-late": "a timer fires late",
  "tick-late": "a tick starts late",
  "tick-twice": "a tick is started twice",
  "disconnect": "a client leaves before its answer",
  "repeat": "a client sends an id again, while it is under way or later",
  "other-body": "a client sends an id again with another payload",
  "burst": "many commands for one actor at once",
  "cut-socket": "the line of a subscriber is cut; what was on its way is lost",
  "slow-reader": "a subscriber reads nothing for a while",
  "double-frame": "a subscriber hears a frame twice",
  "schema-late": "a schema is registered only in the middle of the run",
  "registry-down": "nobody can read the schema registry for a while",
  "registry-refuses": "one read of the schema registry is refused",
  "registry-breaks": "the schema registry answers what breaks its adapter",
  "registry-slow": "the schema registry answers past the bound",
  "registry-lies": "another schema stands under a known revision, once",
  "registry-forgets": "a subject is gone from the schema registry, and comes back",
  "policy-down": "nobody reaches the policies for a while",
  "policy-fails": "the engine of the policies fails",
  "policy-slow": "a decision comes after its bound",
  "policy-lies": "the engine answers what is no decision",
  "policy-undefined": "the policies have nothing to say, for once",
  "policy-closes": "the rules forbid a tenant everything for a while",
  "scopes-withdrawn": "somebody loses the scope to command for a while",
  "violations-lost": "violations cannot be kept",
  "small-limits": "tiny mailbox, few actors, short idle time, small groups",
} as const

/** Every fault that befalls events on their way alone. */
const travelKinds = {
  "feed-late": "a record of the change feed comes behind later ones",
  "feed-twice": "a record of the change feed comes twice",
  "feed-split": "a shard of the change feed is split, its children beside it at once",
  "feed-merge": "two shards of the change feed become one",
  "feed-trimmed": "the change feed forgets what nobody has read",
  "heads-stale": "the listing of streams lacks those that were begun some seconds ago",
  "log-refused": "feed or bus refuse a read",
  "put-refused": "one record of a call is not put on the bus",
  "put-lost": "a record stands on the bus, its answer is lost",
  "put-twice": "a record stands twice on the bus",
  "put-zombie": "a record is said not to stand on the bus, and comes when everybody has forgotten it",
  "put-travels": "a call of the bus is under way for seconds; who sent it may be gone when it arrives",
  "bus-split": "a shard of the bus is split in mid-flow",
  "bus-merge": "two shards of the bus become one",
  "bus-trimmed": "the bus forgets what not every consumer has read",
  "topic-refused": "an event is not sent to the queues",
  "topic-lost": "an event is sent to the queues, the answer lost",
  "topic-twice": "an event is sent to the queues twice",
  "message-spoilt": "a message is cut or fits no schema, or a foreign one lies in the queue, or one that is no event",
  "queue-twice": "a message is received by two at once, as behind its visibility",
  "queue-refused": "a queue refuses what it is asked",
  "queue-lost": "a queue does what it is asked, the answer is lost",
  "letters-queue-refuses": "the queue of dead letters does not take a message",
  "lease-refused": "a call of the leases is refused",
  "lease-lost": "a call of the leases is done, its answer lost",
  "mark-refused": "a call of the marks is refused",
  "mark-lost": "a call of the marks is done, its answer lost",
  "letters-refuse": "the dead letters refuse a call",
  "letters-lost": "a call of the dead letters is done, its answer lost",
  "handler-fails": "a handler fails",
  "handler-slow": "a handler takes long, now and then too long",
  "poison": "a consumer fails on an event until somebody mends it",
  "spoilt": "an event that fits no schema stands in the store",
} as const

export const kinds = { ...hostKinds, ...travelKinds }
export type Kind = keyof typeof kinds
export const allKinds = Object.keys(kinds) as ReadonlyArray<Kind>
export const kindsOfHosts = Object.keys(hostKinds) as ReadonlyArray<Kind>
/** What strikes while events travel: its own, and those of hosts that the same processes, stores and registry have. */
export const kindsOfTravel: ReadonlyArray<Kind> = [
  ...Object.keys(travelKinds) as ReadonlyArray<keyof typeof travelKinds>,
  ...[
    "refuse",
    "throttle",
    "conflict",
    "lose-answer",
    "refuse-read",
    "delay-read",
    "crash",
    "restart",
    "pause",
    "timer-late",
    "clock-back",
    "clock-forward",
  ] as const,
  ...["schema-late", "registry-down", "registry-refuses"] as const,
]

const enabledChance = 0.25
const strikeChance = 0.25

export interface Faults {
  readonly isEnabled: (kind: Kind) => boolean
  /** Tosses the coin; a strike is counted and noted. Never strikes once the faults have ended. */
  readonly strikes: (kind: Kind, who: string, chance?: number) => boolean
  /** A whole number in [1, max], for how long or how far. */
  readonly amount: (max: number) => number
  /** Virtual milliseconds at which the last of them is over, if all that was drawn is how long something lasts. */
  readonly lastsUntil: () => number
  readonly end: () => void
  readonly hasEnded: () => boolean
  readonly fired: ReadonlyMap<Kind, number>
}

/** The coins of a run; kinds in `without` never strike, yet their coins are tossed, so that the others stay as they were. */
export const make = (world: World, without: ReadonlySet<Kind>): Faults => {
  const coins = new Map(allKinds.map((kind) => [kind, world.random(`fault ${kind}`)]))
  const enabled = new Set(allKinds.filter((kind) => coins.get(kind)!.chance(enabledChance)))
  const amounts = world.random("fault amounts")
  const fired = new Map<Kind, number>()
  let [ended, until] = [false, 0]
  const isEnabled = (kind: Kind) => enabled.has(kind) && !without.has(kind)
  return {
    isEnabled,
    strikes: (kind, who, chance = strikeChance) => {
      const struck = coins.get(kind)!.chance(chance)
      if (!struck || ended || !isEnabled(kind)) return false
      fired.set(kind, (fired.get(kind) ?? 0) + 1)
      world.note(who, `fault ${kind}`)
      return true
    },
    // Short ones are common, long ones exist.
    amount: (max) => {
      const amount = 1 + Math.floor(max * amounts.next() ** 3)
      until = Math.max(until, world.now() + amount)
      return amount
    },
    lastsUntil: () => until,
    end: () => void (ended = true),
    hasEnded: () => ended,
    fired,
  }
}
