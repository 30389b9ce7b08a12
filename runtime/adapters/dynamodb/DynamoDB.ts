/**
 * The stores on DynamoDB: events, receipts and snapshots, and the small ports beside them, in tables that any number of
 * processes share.
 *
 * The tables have to be there: `create.ts` makes them for tests and development, whatever deploys makes them elsewhere.
 * @module
 */
import type { DynamoDBClient, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb"
import { Context, Effect, Layer, Schema, type Scope } from "effect"
import { EventStore } from "../../../core/EventStore.ts"
import { Limits } from "../../../core/Limits.ts"
import { SnapshotStore } from "../../../core/SnapshotStore.ts"
import * as Calls from "./calls.ts"
import { create as createTables } from "./create.ts"
import * as Events from "./events.ts"
import { asked, Failed } from "./faults.ts"
import type { Streams } from "./feed.ts"
import * as Keepers from "./keepers.ts"
import { names } from "./resources.ts"
import * as Snapshots from "./snapshots.ts"

export interface Settings {
  /** Before the name of each table. */
  readonly prefix: string
  readonly region: string
  /** Where DynamoDB is, if not where AWS has it. */
  readonly endpoint?: string
  /** Absent: found the ways AWS has. */
  readonly credentials?: NonNullable<DynamoDBClientConfig["credentials"]>
  /** Makes missing tables at start: for tests and development. */
  readonly create?: true
  /** Is shown the client before its first call: for tests that count calls. */
  readonly watch?: (client: DynamoDBClient) => void
}

/** The stores cannot be opened; the message says why and what to do. Nothing was written. */
export class CannotOpen extends Schema.TaggedError<CannotOpen>()("CannotOpen", {
  table: Schema.String,
  reason: Schema.String,
  repair: Schema.String,
}) {
  override get message(): string {
    return `cannot open the table ${this.table}: ${this.reason}. ${this.repair}`
  }
}

const repairs: Readonly<Record<string, string>> = {
  "table-missing": "Deploy the tables, or start once with `create` (development) to make them.",
  "not-let-in": "Check the credentials and that they allow calls of this table.",
  refused: "Check the endpoint and that DynamoDB can be reached.",
}

/** Loaded here and not above: whoever has another store does not pay for it, nor need to have it. */
const load = <A>(name: string, from: () => Promise<A>): Effect.Effect<A> =>
  Effect.orDie(Effect.tryPromise({
    try: from,
    catch: () => new Error(`the store is DynamoDB: add the package ${name} to the application`),
  }))

/** Connections are kept; each call has its own deadline. */
const configOf = ({ credentials, endpoint, region }: Settings, sockets: number) => ({
  region,
  maxAttempts: 1,
  ...endpoint === undefined ? {} : { endpoint },
  ...credentials === undefined ? {} : { credentials },
  requestHandler: { connectionTimeout: 1_000, httpAgent: { maxSockets: sockets }, httpsAgent: { maxSockets: sockets } },
})

/** What the stores of this adapter share: one client, one bound on calls, tables that are there. */
const open = Effect.fnUntraced(function* (
  settings: Settings,
): Effect.fn.Return<Calls.Calls, CannotOpen, Scope.Scope> {
  const sdk = yield* load("@aws-sdk/client-dynamodb", () => import("@aws-sdk/client-dynamodb"))
  const { storeAttempts, storeCallMs, storeCalls, storeCallsMs } = yield* Limits
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => new sdk.DynamoDBClient(configOf(settings, storeCalls))),
    (client) => Effect.sync(() => client.destroy()),
  )
  settings.watch?.(client)
  const bounds = { calls: storeCalls, attempts: storeAttempts, attemptMs: storeCallMs, callMs: storeCallsMs }
  const calls = Calls.make(sdk, client, settings.prefix, bounds)
  const cannot = (table: string, reason: string) =>
    new CannotOpen({ table, reason, repair: repairs[reason] ?? "Try again once DynamoDB answers." })
  if (settings.create) {
    yield* Effect.tryPromise({
      try: (signal) => createTables(client, settings.prefix, signal),
      catch: (error) => cannot(settings.prefix, error instanceof Error ? error.name : "failed"),
    })
  }
  yield* Effect.forEach(names, (name) => {
    const TableName = calls.tableOf(name)
    const described = asked((signal) =>
      calls.call((options) => client.send(new sdk.DescribeTableCommand({ TableName }), options), signal)
    )
    return Effect.flatMap(
      Effect.mapError(described, ({ reason }) => cannot(TableName, reason)),
      ({ Table }) => {
        const status = Table?.TableStatus ?? "nothing"
        // One that is being changed can be used.
        return status === "ACTIVE" || status === "UPDATING" ? Effect.void : Effect.fail(cannot(TableName, status))
      },
    )
  }, { concurrency: "unbounded", discard: true })
  return calls
})

/** The stream of the events, found when it is first read. */
const streamsOf = Effect.fnUntraced(function* (settings: Settings, calls: Calls.Calls) {
  let found: Promise<Streams> | undefined
  const find = async (): Promise<Streams> => {
    const sdk = await import("@aws-sdk/client-dynamodb-streams")
    const TableName = calls.tableOf("events")
    const { Table } = await calls.call(
      (options) => calls.client.send(new calls.sdk.DescribeTableCommand({ TableName }), options),
      new AbortController().signal,
    )
    const arn = Table?.LatestStreamArn
    if (arn === undefined) throw new Failed("no-stream", false, undefined)
    return { sdk, client: new sdk.DynamoDBStreamsClient(configOf(settings, 8)), arn }
  }
  yield* Effect.addFinalizer(() => Effect.promise(async () => (await found?.catch(() => undefined))?.client.destroy()))
  return () =>
    found ??= find().catch((error) => {
      found = undefined
      throw error
    })
})

/** The stores on the tables of a prefix. */
export const layer = (settings: Settings): Layer.Layer<EventStore | SnapshotStore | Keepers.Keepers, CannotOpen> =>
  Layer.effectContext(Effect.gen(function* () {
    const calls = yield* open(settings)
    return Context.make(EventStore, yield* Events.make(calls, yield* streamsOf(settings, calls))).pipe(
      Context.add(SnapshotStore, yield* Snapshots.make(calls)),
      Context.merge(yield* Keepers.make(calls.sdk, calls.client, settings.prefix)),
    )
  }))
