/**
 * What spoils messages on their way into the queues of consumers, and the operator who mends in the end what stayed there.
 *
 * A message is cut short, or its payload fits no schema; or beside it comes one of another application, of a type that
 * nobody knows, or that is no event at all.
 * @module
 */
import { type Any, wants } from "../../../core/Consumer.ts"
import { idOf } from "../../../core/DeadLetters.ts"
import type { StoredEvent } from "../../../core/EventStore.ts"
import * as EventWire from "../../../core/EventWire.ts"
import * as QueueMemory from "../../../core/QueueMemory.ts"
import type { Faults } from "../Faults.ts"
import type { World } from "../World.ts"
import type { Roads } from "./Roads.ts"

interface Stuck {
  readonly consumer: string
  readonly text: string
  /** What it was; nothing where it was nothing of ours. */
  readonly event: StoredEvent | undefined
  /** Newer code may know it: it waits in the queue itself, or this dead letter stands for it. */
  readonly letter: string | undefined
}

export interface Spoils {
  /** What comes into the queue of a consumer for an event. */
  readonly bodies: (event: StoredEvent, consumer: string) => ReadonlyArray<string>
  /** What is no event as it was stored, and the event that it stands for. */
  readonly texts: ReadonlyMap<string, StoredEvent | undefined>
  /** `consumer eventId`: its message fits no schema. */
  readonly misfits: ReadonlySet<string>
  /** What has to stay until somebody mends it. */
  readonly stuck: Set<Stuck>
}

const chance = 0.1

export const make = (world: World, faults: Faults, consumers: ReadonlyMap<string, Any>): Spoils => {
  const random = world.random("spoilt messages")
  const texts = new Map<string, StoredEvent | undefined>()
  const misfits = new Set<string>()
  const stuck = new Set<Stuck>()
  const manners: ReadonlyArray<(event: StoredEvent, whole: string, consumer: string) => ReadonlyArray<string>> = [
    (event, whole, consumer) => {
      // The name of the event is left in it.
      const text = whole.slice(0, -1 - random.below(20))
      texts.set(text, event)
      stuck.add({ consumer, text, event, letter: undefined })
      return [text]
    },
    (event, _, consumer) => {
      const text = EventWire.encode({ ...event, payload: random.pick(["{}", "[]", `{"of":1}`]) })
      texts.set(text, event)
      misfits.add(`${consumer} ${event.eventId}`)
      return [text]
    },
    (event, whole, consumer) => {
      const foreign = {
        ...event,
        eventId: `${event.eventId}-foreign`,
        ...random.pick([{ type: "Sung" }, { aggregate: "Ship" }]),
      }
      const text = EventWire.encode(foreign)
      texts.set(text, undefined)
      if (wants(consumers.get(consumer)!, foreign)) {
        stuck.add({ consumer, text, event: undefined, letter: idOf(consumer, foreign, foreign.eventId) })
      }
      return [text, whole]
    },
    (event, whole, consumer) => {
      const text = `{"Type":"Notification","MessageId":"${event.eventId}"}`
      texts.set(text, undefined)
      stuck.add({ consumer, text, event: undefined, letter: undefined })
      return [text, whole]
    },
  ]
  const bodies: Spoils["bodies"] = (event, consumer) => {
    const whole = EventWire.encode(event)
    return faults.strikes("message-spoilt", consumer, chance) ? random.pick(manners)(event, whole, consumer) : [whole]
  }
  return { bodies, texts, misfits, stuck }
}

const lying = ({ messages }: QueueMemory.State, { text }: Stuck) =>
  [...messages.values()].find(({ body }) => body === text)

/** What should have stayed and is gone. */
export const lost = (
  { letters, queues }: Pick<Roads, "letters" | "queues">,
  { stuck }: Spoils,
): ReadonlyArray<string> =>
  [...stuck].flatMap((one) => {
    const { queue } = queues.get(one.consumer)!
    const isLying = lying(queue, one) !== undefined || lying(queue.dead!, one) !== undefined
    return isLying || letters.has(one.letter ?? "")
      ? []
      : [`${one.consumer} has lost a message that it could not handle: ${one.text}`]
  })

/** An operator sends again what the dead messages were, and throws away what was nothing of ours. */
export const mend = (
  world: World,
  { letters, queues }: Pick<Roads, "letters" | "queues">,
  { stuck }: Spoils,
  nowMs: number,
): void => {
  for (const one of [...stuck]) {
    const { queue } = queues.get(one.consumer)!
    if (one.letter !== undefined) letters.delete(one.letter)
    const from = one.letter === undefined ? queue.dead! : queue
    const found = lying(from, one)
    if (found === undefined) continue
    world.note("operator", `mends ${found.id} of ${one.consumer}`)
    from.messages.delete(found.id)
    // A copy of it may be under way to the end of its queue.
    if (one.letter === undefined) stuck.delete(one)
    if (one.event !== undefined) QueueMemory.put(queue, EventWire.encode(one.event), nowMs)
  }
}
