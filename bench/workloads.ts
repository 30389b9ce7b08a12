/**
 * The workloads as data: how many commands, how many at once, and to which instances.
 * @module
 */
import { addItem, placeOrder, type Request } from "./domain.ts"

export interface Workload {
  readonly name: string
  readonly says: string
  readonly commands: number
  readonly inFlight: number
  /** Instances that exist before the clock starts, with so many events each, brought into memory first. */
  readonly warm: { readonly instances: number; readonly events: number }
  /** Who chooses the command ids: the host (UUIDv7), a client with UUIDv7, or a client with random ones. */
  readonly ids: "generated" | "uuidv7" | "random"
  readonly command: (n: number, instances: number) => readonly [id: string, request: Request]
}

const toNew = (n: number) => [`order-${n}`, placeOrder(`order-${n}`)] as const
/** A stride without a common factor spreads the commands, so that neighbours in time are no neighbours in the table. */
const toWarm = (n: number, instances: number) => {
  const id = `w-${(n * 7919) % instances}`
  return [id, addItem(id, n)] as const
}

const none = { instances: 0, events: 0 }

export const workloads: ReadonlyArray<Workload> = [
  {
    name: "W1",
    says: "20,000 commands to new aggregates",
    commands: 20_000,
    inFlight: 256,
    warm: none,
    ids: "generated",
    command: toNew,
  },
  {
    name: "W2",
    says: "5,000 commands to one hot aggregate",
    commands: 5_000,
    inFlight: 64,
    warm: { instances: 1, events: 1 },
    ids: "generated",
    command: toWarm,
  },
  {
    name: "W3",
    says: "20,000 commands over 1,000 warm aggregates of 20 events",
    commands: 20_000,
    inFlight: 256,
    warm: { instances: 1_000, events: 20 },
    ids: "generated",
    command: toWarm,
  },
  {
    name: "W1-uuidv7",
    says: "W1 with time-ordered ids from the client",
    commands: 20_000,
    inFlight: 256,
    warm: none,
    ids: "uuidv7",
    command: toNew,
  },
  {
    name: "W1-random",
    says: "W1 with random ids from the client",
    commands: 20_000,
    inFlight: 256,
    warm: none,
    ids: "random",
    command: toNew,
  },
]

/** A smaller copy for a quick look; its figures are not comparable. */
export const scaled = (workload: Workload, scale: number): Workload => ({
  ...workload,
  commands: Math.max(1, Math.round(workload.commands * scale)),
  warm: {
    instances: workload.warm.instances && Math.max(1, Math.round(workload.warm.instances * scale)),
    events: workload.warm.events,
  },
})
