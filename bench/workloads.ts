/**
 * The workloads as data: what happens, how often, and who takes part.
 * @module
 */
import { addItem, placeOrder, type Request } from "./domain.ts"

export interface Workload {
  readonly name: string
  readonly says: string
  /** Who takes part, in the order of the first round. */
  readonly subjects: ReadonlyArray<string>
  /** The workload with which it is measured, too. */
  readonly partOf?: string
}

/** Commands to instances. */
export interface Commands extends Workload {
  readonly commands: number
  readonly inFlight: number
  /** Instances that exist before the clock starts, with so many events each, brought into memory first. */
  readonly warm: { readonly instances: number; readonly events: number }
  /** Who chooses the command ids: the host (UUIDv7), a client with UUIDv7, or a client with random ones. */
  readonly ids: "generated" | "uuidv7" | "random"
  readonly command: (n: number, instances: number) => readonly [id: string, request: Request]
}

/** Anything else; `count` is its size: events, actors, requests or sockets. */
export interface Other extends Workload {
  readonly count: number
}

const toNew = (n: number) => [`order-${n}`, placeOrder(`order-${n}`)] as const
/** A stride without a common factor spreads the commands, so that neighbours in time are no neighbours in the table. */
const toWarm = (n: number, instances: number) => {
  const id = `w-${(n * 7919) % instances}`
  return [id, addItem(id, n)] as const
}

const none = { instances: 0, events: 0 }
const volatile = ["castore", "emmett", "equinox"]
const peers = ["entity", ...volatile, "emmett-sqlite"]

export const w1: Commands = {
  name: "W1",
  says: "20,000 commands to new aggregates, 256 in flight",
  subjects: ["raw", "nexus", ...peers],
  commands: 20_000,
  inFlight: 256,
  warm: none,
  ids: "generated",
  command: toNew,
}

export const commands: ReadonlyArray<Commands> = [
  w1,
  {
    name: "W2",
    says: "5,000 commands to one hot aggregate, 64 in flight",
    subjects: ["raw", "nexus", "raw-own", ...peers],
    commands: 5_000,
    inFlight: 64,
    warm: { instances: 1, events: 1 },
    ids: "generated",
    command: toWarm,
  },
  {
    name: "W3",
    says: "20,000 commands over 1,000 warm aggregates of 20 events, 256 in flight",
    subjects: ["raw", "nexus", "raw-own", ...peers],
    commands: 20_000,
    inFlight: 256,
    warm: { instances: 1_000, events: 20 },
    ids: "generated",
    command: toWarm,
  },
  {
    ...w1,
    name: "W1-uuidv7",
    says: "W1 with time-ordered ids from the client",
    subjects: ["raw", "nexus"],
    ids: "uuidv7",
  },
  { ...w1, name: "W1-random", says: "W1 with random ids from the client", subjects: ["raw", "nexus"], ids: "random" },
]

const governance: Commands = {
  ...w1,
  name: "governance",
  says: "W1 with and without the gate: schemas registered, policies asked",
  subjects: ["nexus", "nexus-governed"],
}

const aws: ReadonlyArray<Commands> = [
  {
    ...w1,
    partOf: "aws",
    name: "aws-W1",
    says: "4,000 commands to new aggregates on DynamoDB, 64 in flight",
    subjects: ["raw-put", "nexus-dynamodb", "raw-bare", "castore-dynamodb"],
    commands: 4_000,
    inFlight: 64,
  },
  {
    ...w1,
    partOf: "aws",
    name: "aws-W1-given",
    says: "the same with ids from the client",
    subjects: ["raw-transaction", "nexus-dynamodb"],
    commands: 4_000,
    inFlight: 64,
    ids: "uuidv7",
  },
  {
    partOf: "aws",
    name: "aws-W2",
    says: "4,000 commands to one hot aggregate on DynamoDB, 64 in flight",
    subjects: ["raw-single", "nexus-dynamodb", "raw-together", "raw-put", "castore-dynamodb"],
    commands: 4_000,
    inFlight: 64,
    warm: { instances: 1, events: 1 },
    ids: "generated",
    command: toWarm,
  },
  {
    partOf: "aws",
    name: "aws-W2-given",
    says: "the same with ids from the client",
    subjects: ["raw-single", "nexus-dynamodb", "raw-put"],
    commands: 4_000,
    inFlight: 64,
    warm: { instances: 1, events: 1 },
    ids: "uuidv7",
    command: toWarm,
  },
]

export const others: ReadonlyArray<Other> = [
  {
    name: "W4",
    says: "an aggregate of 10,000 events is brought into memory",
    subjects: ["raw", "nexus", ...peers],
    count: 10_000,
  },
  {
    name: "W5",
    says: "20,000 events of 1,000 streams are read in order and parsed, 500 a page",
    subjects: ["raw", "nexus", "entity", "emmett-sqlite"],
    count: 20_000,
  },
  {
    name: "W6",
    says: "a process starts, opens an empty store and answers its first command",
    subjects: ["bare", "nexus", "nexus-http", ...peers],
    count: 1,
  },
  {
    name: "W7",
    says: "heap of an idle actor with a state of three fields",
    subjects: ["nexus", "entity"],
    count: 99_000,
  },
  {
    name: "http",
    says: "20,000 commands to new aggregates over HTTP, 64 connections, the load from another process",
    subjects: ["hono", "nexus", "node-http", "deno-serve"],
    count: 20_000,
  },
  {
    name: "sockets",
    says: "1,000 sockets of another process get one event, from sending its command",
    subjects: ["nexus"],
    count: 1_000,
  },
  {
    name: "governance-parts",
    says: "what governance is made of, each call by itself",
    subjects: ["nexus", "ajv", "opa"],
    count: 10_000,
    partOf: governance.name,
  },
  {
    name: "aws-rate",
    says: "100 commands a second to new aggregates on DynamoDB, each from the time it was due",
    subjects: ["nexus-dynamodb"],
    count: 1_000,
    partOf: "aws",
  },
  {
    name: "aws-core",
    says:
      "100 events a second of 20 streams, from their time to a consumer behind DynamoDB, router and Kinesis, in order",
    subjects: ["nexus-aws"],
    count: 1_000,
    partOf: "aws",
  },
  {
    name: "aws-secondary",
    says: "the same to a consumer behind DynamoDB, router, SNS and SQS",
    subjects: ["nexus-aws"],
    count: 1_000,
    partOf: "aws",
  },
  {
    name: "aws-router",
    says: "a backlog of 5,000 core events of 20 streams goes to Kinesis; then the same records, by PutRecords alone",
    subjects: ["nexus-aws"],
    count: 5_000,
    partOf: "aws",
  },
]

export const workloads: ReadonlyArray<Commands | Other> = [...commands, governance, ...aws, ...others]

/** A smaller copy, for a quick look or a slow subject. */
export const scaled = (workload: Commands, scale: number): Commands => ({
  ...workload,
  commands: Math.max(1, Math.round(workload.commands * scale)),
  warm: {
    instances: workload.warm.instances && Math.max(1, Math.round(workload.warm.instances * scale)),
    events: workload.warm.events,
  },
})
