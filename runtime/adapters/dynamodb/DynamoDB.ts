/**
 * The stores on DynamoDB: events, receipts and snapshots, and the small ports beside them, in tables that any number of
 * processes share.
 *
 * The tables have to be there: `create.ts` makes them for tests and development, whatever deploys makes them elsewhere.
 * @module
 */
import type { DynamoDBClient, TableDescription } from "@aws-sdk/client-dynamodb"
import { Clock, Context, Effect, Layer, Schema, Scope } from "effect"
import { ChangeFeed } from "../../../core/ChangeFeed.ts"
import { EventStore } from "../../../core/EventStore.ts"
import { Limits } from "../../../core/Limits.ts"
import { SnapshotStore } from "../../../core/SnapshotStore.ts"
import { kept } from "../../kept.ts"
import { failedOf } from "../aws/Failed.ts"
import * as Aws from "../aws/settings.ts"
import * as Calls from "./calls.ts"
import * as ChangeFeeds from "./changeFeed.ts"
import { create as createTables } from "./create.ts"
import * as Events from "./events.ts"
import { reasonOf } from "./faults.ts"
import * as Keepers from "./keepers.ts"
import { names, table, type TableName } from "./resources.ts"
import * as Snapshots from "./snapshots.ts"

export interface Settings extends Aws.Settings {
  /** Before the name of each table. */
  readonly prefix: string
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
  "table-missing":
    "Deploy the tables, or start a server once with NEXUS_ENV=development, which makes them; or mend --table-prefix.",
  "no-credentials": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the process a role or a profile.",
  "not-let-in": "Check --aws-endpoint-dynamodb, the credentials, and that they allow calls of this table.",
  "index-missing": "Deploy the tables anew, and start once all their indexes are active.",
  "stream-missing": "Turn its stream on, with new images (StreamViewType NEW_IMAGE): the router reads it.",
  refused: "Check region and endpoint (--aws-endpoint-dynamodb), and that DynamoDB can be reached from here.",
  unanswered:
    "What answers at the endpoint (--aws-endpoint-dynamodb) may be no DynamoDB, or too slow. Check it, or try again.",
}

/** Loaded here and not above: whoever has another store does not pay for it, nor need to have it. */
const load = <A>(name: string, from: () => Promise<A>): Effect.Effect<A> =>
  Effect.orDie(Effect.tryPromise({
    try: from,
    catch: () => new Error(`the store is DynamoDB: add the package ${name} to the application`),
  }))

/** What keeps a table from being used, in a word. */
const wrongWith = (name: TableName, found: TableDescription = {}): string | undefined => {
  const { GlobalSecondaryIndexes = [], StreamSpecification: stream, TableStatus = "nothing" } = found
  // One that is being changed can be used.
  if (TableStatus !== "ACTIVE" && TableStatus !== "UPDATING") return TableStatus
  const { indexes = {}, stream: isRead } = table(name)
  // One that is being made or taken away cannot.
  const usable = GlobalSecondaryIndexes.filter(({ IndexStatus = "" }) => /^(ACTIVE|UPDATING)$/.test(IndexStatus))
  const has = new Set(usable.map(({ IndexName }) => IndexName))
  if (Object.keys(indexes).some((index) => !has.has(index))) return "index-missing"
  const hasImages = stream?.StreamEnabled === true && /^NEW_/.test(stream.StreamViewType ?? "")
  return isRead && !hasImages ? "stream-missing" : undefined
}

/** What the stores of this adapter share: one client, one bound on calls, tables that are there. */
const open = Effect.fnUntraced(function* (
  settings: Settings,
): Effect.fn.Return<Calls.Calls, CannotOpen, Scope.Scope> {
  const sdk = yield* load("@aws-sdk/client-dynamodb", () => import("@aws-sdk/client-dynamodb"))
  const client = yield* Aws.client(settings, "dynamodb", (configuration) => new sdk.DynamoDBClient(configuration))
  settings.watch?.(client)
  const calls = Calls.make(sdk, client, settings.prefix, yield* Limits, yield* Clock.Clock)
  const cannot = (table: string, reason: string) =>
    new CannotOpen({ table, reason, repair: repairs[reason] ?? "Try again once DynamoDB answers." })
  if (settings.create) {
    yield* Effect.tryPromise({
      try: (signal) => createTables(client, settings.prefix, signal),
      catch: (error) => cannot(`${settings.prefix}*`, reasonOf(failedOf(error))),
    })
  }
  yield* Effect.forEach(names, (name) => {
    const TableName = calls.tableOf(name)
    const described = calls.call((options) => client.send(new sdk.DescribeTableCommand({ TableName }), options))
    return Effect.flatMap(
      Effect.mapError(described, (failed) => cannot(TableName, reasonOf(failed))),
      ({ Table }) => {
        const wrong = wrongWith(name, Table)
        return wrong === undefined ? Effect.void : Effect.fail(cannot(TableName, wrong))
      },
    )
  }, { concurrency: "unbounded", discard: true })
  return calls
})

/** The stream of the events, found when it is first read. */
const streamsOf = Effect.fnUntraced(function* (settings: Settings, calls: Calls.Calls) {
  const scope = yield* Effect.scope
  const find = Effect.gen(function* () {
    const name = "@aws-sdk/client-dynamodb-streams"
    const sdk = yield* load(name, () => import("@aws-sdk/client-dynamodb-streams"))
    const TableName = calls.tableOf("events")
    const { Table } = yield* calls.call((options) =>
      calls.client.send(new calls.sdk.DescribeTableCommand({ TableName }), options)
    )
    const client = yield* Aws.client(settings, "dynamodb", (made) => new sdk.DynamoDBStreamsClient(made))
    const arn = Table?.LatestStreamArn
    return arn === undefined ? yield* Effect.die(new Error(`${TableName} has no stream`)) : { sdk, client, arn }
  })
  return kept(Effect.provideService(find, Scope.Scope, scope))
})

export type Stores = ChangeFeed | EventStore | SnapshotStore | Keepers.Keepers

/** The stores on the tables of a prefix, and the feed of the events. */
export const layer = (settings: Settings): Layer.Layer<Stores, CannotOpen> =>
  Layer.effectContext(Effect.gen(function* () {
    const calls = yield* open(settings)
    const streams = yield* streamsOf(settings, calls)
    const events = yield* Events.make(calls, streams)
    return Context.make(EventStore, events).pipe(
      Context.add(ChangeFeed, ChangeFeeds.make(calls, streams, events.head)),
      Context.add(SnapshotStore, yield* Snapshots.make(calls)),
      Context.merge(yield* Keepers.make(calls)),
    )
  }))
