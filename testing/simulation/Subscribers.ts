/**
 * Clients of a run that listen: they subscribe, lose their line, read slowly, hear things twice, and come back with what
 * they remember, until the run is over.
 * @module
 */
import { Effect } from "effect"
import type { StoredEvent } from "../../core/EventStore.ts"
import type { Peer, Socket } from "../../runtime/Socket.ts"
import type { Faults } from "./Faults.ts"
import type { Host, Slot } from "./Fleet.ts"
import * as Pipe from "./pipe.ts"
import type { Plan } from "./plan.ts"
import type { Process } from "./Process.ts"
import type { World } from "./World.ts"

/** An event as a frame shows it. */
export interface Told {
  readonly aggregate: string
  readonly id: string
  readonly version: number
  readonly eventId: string
}

/** One socket, from its opening to its end. */
export interface Connection {
  readonly host: string
  /** Virtual milliseconds of each frame, when it was sent. */
  readonly sentAt: Array<number>
  /** As they arrived. */
  readonly texts: Array<string>
  readonly told: Array<Told>
}

export interface Subscriber {
  readonly name: string
  readonly tenant: string
  /** What it wants at first. */
  readonly wants: {
    readonly aggregate?: string
    readonly after?: "start"
    readonly ids?: Readonly<Record<string, number>>
  }
  readonly connections: Array<Connection>
}

export interface Subscribers {
  readonly all: ReadonlyArray<Subscriber>
  /** Lives until it is interrupted. */
  readonly run: Effect.Effect<void>
}

/** What of the log a subscriber was not told. */
export const missing = (
  { connections, tenant, wants }: Subscriber,
  log: ReadonlyArray<StoredEvent>,
): ReadonlyArray<StoredEvent> => {
  const told = new Set(connections.flatMap((one) => one.told.map(({ eventId }) => eventId)))
  return log.filter((event) =>
    !told.has(event.eventId) && event.tenant === tenant &&
    (wants.ids === undefined || (event.aggregate === wants.aggregate && event.id in wants.ids))
  )
}

interface Frame {
  readonly type: string
  readonly position?: string
  readonly events?: ReadonlyArray<Told>
}

const redialMaxMs = 1_500
/** Nobody answered at all: it is tried again after at most so long. */
const patienceMaxMs = 10_000
const silenceMaxMs = 20_000
const frameFaultChance = 0.05

export const make = (
  world: World,
  faults: Faults,
  process: Process,
  slots: ReadonlyArray<Slot>,
  plan: Plan,
): Subscribers => {
  const random = world.random("subscribers")
  const all = plan.tenants.flatMap(({ name: tenant }, n): ReadonlyArray<Subscriber> => {
    const own = plan.streams.filter((stream) => stream.tenant === tenant)
    const first = own[0]
    const ids = Object.fromEntries(
      own.filter(({ aggregate }) => aggregate === first?.aggregate).map(({ id }) => [id, 0]),
    )
    return [
      { name: `feed-${n}`, tenant, wants: { after: "start" }, connections: [] },
      ...first === undefined
        ? []
        : [{ name: `ids-${n}`, tenant, wants: { aggregate: first.aggregate, ids }, connections: [] }],
    ]
  })

  /** One socket to a host, until it ends. */
  const listen = (subscriber: Subscriber, host: Host, message: () => object, heard: (frame: Frame) => void) =>
    Effect.callback<void>((resume) => {
      // It may have died since it was picked; then nobody would ever hear of it.
      if (!host.process.isAlive()) return resume(Effect.void)
      const connection: Connection = { host: host.name, sentAt: [], texts: [], told: [] }
      subscriber.connections.push(connection)
      const who = `${subscriber.name}.${subscriber.connections.length}`
      let peer: Peer | undefined
      let ended = false
      const end = () => {
        if (ended) return
        ended = true
        host.onDeath.delete(end)
        down.cut()
        up.cut()
        host.process.post(() => peer?.closed(1006))
        process.post(() => resume(Effect.void))
      }
      const arrive = (text: string) => {
        if (ended) return
        connection.texts.push(text)
        const frame = JSON.parse(text) as Frame
        connection.told.push(...frame.events ?? [])
        world.note(who, `${frame.type} ${frame.events?.map(({ id, version }) => `${id}@${version}`).join(" ") ?? ""}`)
        heard(frame)
        // Not subscribed: the store was asked in vain. Asked again later, over the same line.
        if (frame.type === "problem") {
          process.later(1 + random.below(redialMaxMs), () => up.push(JSON.stringify(message())))
        }
        if (faults.strikes("double-frame", who, frameFaultChance)) arrive(text)
        if (faults.strikes("cut-socket", who, frameFaultChance)) return end()
        if (!faults.strikes("slow-reader", who, frameFaultChance)) return
        down.hold(true)
        process.later(faults.amount(silenceMaxMs), () => down.hold(false))
      }
      const down = Pipe.make(process, arrive)
      const up = Pipe.make(host.process, (text) => peer?.message(text))
      const socket: Socket = {
        send: (text) => {
          connection.sentAt.push(world.now())
          down.push(text)
        },
        bufferedBytes: () => down.waiting(),
        close: (code) => {
          world.note(who, `ended with ${code}`)
          end()
        },
      }
      host.onDeath.add(end)
      host.process.post(() => {
        if (ended) return
        const subject = `listener ${subscriber.name}`
        const identity = { tenant: subscriber.tenant, subject, scopes: ["stream"], expiresAt: Number.MAX_SAFE_INTEGER }
        const granted = host.hub.admit(identity, undefined)
        if (granted._tag === "Failure") return end()
        peer = granted.success.open(socket)
        process.post(() => up.push(JSON.stringify(message())))
      })
      return Effect.sync(end)
    })

  const live = Effect.fnUntraced(function* (subscriber: Subscriber) {
    const { wants } = subscriber
    let position: string | undefined
    const versions = { ...wants.ids }
    const message = () => ({
      ...{ op: "subscribe", subscription: "s", ...wants },
      ...wants.ids === undefined ? { after: position ?? "start" } : { ids: versions },
    })
    const heard = (frame: Frame) => {
      position = frame.position ?? position
      for (const { id, version } of frame.events ?? []) if (version > (versions[id] ?? 0)) versions[id] = version
    }
    while (true) {
      const { host } = random.pick(slots)
      if (host !== undefined) yield* listen(subscriber, host, message, heard)
      yield* Effect.sleep(1 + random.below(host === undefined ? patienceMaxMs : redialMaxMs))
    }
  })

  return { all, run: Effect.forEach(all, live, { concurrency: "unbounded", discard: true }) }
}
