/**
 * Calls of DynamoDB: attempts, deadlines and budget are those of every AWS service, what a refusal says is the table's own.
 * @module
 */
import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { Array as Arrays, Clock, Effect, Semaphore } from "effect"
import { Again } from "../../../core/EventStore.ts"
import type { Limits } from "../../../core/Limits.ts"
import type { Failed } from "../aws/Failed.ts"
import * as Retry from "../aws/Retry.ts"
import { orDie, type Refused, refused } from "./faults.ts"
import type { Item } from "./items.ts"

export type Sdk = typeof import("@aws-sdk/client-dynamodb")
export type Asked<A> = Effect.Effect<A, Failed>

export type Written = { readonly _tag: "Done" } | Refused

export interface Write {
  readonly Put?: { readonly Item: Item }
  readonly ConditionCheck?: { readonly Key: Item }
  readonly TableName: string
  readonly condition: string
  readonly values?: Record<string, AttributeValue>
  readonly names?: Record<string, string>
}

export interface Query {
  readonly TableName: string
  readonly IndexName?: string
  readonly KeyConditionExpression: string
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>
  readonly ExpressionAttributeNames?: Record<string, string>
  readonly FilterExpression?: string
  readonly ProjectionExpression?: string
  readonly ScanIndexForward?: boolean
  readonly ConsistentRead?: boolean
  readonly ExclusiveStartKey?: Item | undefined
  readonly Limit: number
}
export interface Items {
  readonly items: ReadonlyArray<Item>
  /** Where the next page begins; absent at the end. */
  readonly next: Item | undefined
}
export interface Place {
  readonly TableName: string
  readonly Key: Item
}

export interface Calls {
  readonly sdk: Sdk
  readonly client: DynamoDBClient
  readonly tableOf: (name: string) => string
  /** The time that is held against DynamoDB's own, as where items expire: whatever time a caller lives in. */
  readonly wallMs: () => number
  /** As many at once as there are connections; the others wait before their time begins. */
  readonly permit: <A, E>(self: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Any call; writes by other calls than `write` have to bear being done twice. */
  readonly call: <A>(send: (options: { readonly abortSignal: AbortSignal }) => Promise<A>) => Asked<A>
  /** One item, or several in one transaction: all or none. `isRepeat`: not the first call for what it writes. */
  readonly write: (writes: ReadonlyArray<Write>, isRepeat: boolean) => Asked<Written>
  /** Read consistently. */
  readonly get: (place: Place) => Asked<Item | undefined>
  /** Those that exist, in no order, read consistently; whole, or the attributes that `only` names. */
  readonly getEach: (places: ReadonlyArray<Place>, only?: string) => Asked<ReadonlyArray<Item>>
  readonly query: (query: Query) => Asked<Items>
}

const getAtOnce = 100
/** The time of an event is fixed before its first attempt, and `settleMs` after it no listing may miss it. */
const writeMsMax = 7_000
const done: Written = { _tag: "Done" }

const keysOf = (asked: Readonly<Record<string, { readonly Keys?: ReadonlyArray<unknown> | undefined }>> = {}): number =>
  Object.values(asked).reduce((sum, { Keys = [] }) => sum + Keys.length, 0)
/** An answer without any of what was asked for is throttling under another name. */
const unread = () =>
  Object.assign(new Error("no key was read"), {
    name: "ProvisionedThroughputExceededException",
    $metadata: { httpStatusCode: 400 },
  })

const conditionOf = ({ condition, names, values }: Write) => ({
  ConditionExpression: condition,
  ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
  ...values === undefined ? {} : { ExpressionAttributeValues: values },
  ...names === undefined ? {} : { ExpressionAttributeNames: names },
})

/** Deadlines and pauses are of `clock`, whatever clock a caller reads its own times from. */
export const make = (
  sdk: Sdk,
  client: DynamoDBClient,
  prefix: string,
  limits: Limits,
  clock: Clock.Clock,
): Calls => {
  const timed = (call: Retry.Call): Retry.Call => (send, how) =>
    Effect.provideService(call(send, how), Clock.Clock, clock)
  const policy = Retry.policyOf(limits)
  const budget = Retry.budgetOf(limits)
  const retried = timed(Retry.make(policy, budget))
  const written = timed(Retry.make({ ...policy, totalMs: Math.min(policy.totalMs, writeMsMax) }, budget))
  const call: Calls["call"] = (send) =>
    Effect.flatMap(Again, (isRepeat) => orDie(retried((abortSignal) => send({ abortSignal }), { isRepeat })))

  /** `send` is made once: all attempts are the same bytes. */
  const write: Calls["write"] = (writes, isRepeat) => {
    const [first] = writes
    const send = writes.length === 1 && first!.Put !== undefined ? putOf(first!) : transactionOf(writes)
    return Effect.catch(
      orDie(Effect.as(written((abortSignal) => send({ abortSignal }), { isRepeat }), done)),
      (failed): Asked<Written> => {
        const answer = refused(failed)
        return answer === undefined ? Effect.fail(failed) : Effect.succeed(answer)
      },
    )
  }

  const putOf = (one: Write) => {
    const input = { TableName: one.TableName, Item: one.Put!.Item, ...conditionOf(one) }
    return (options: { readonly abortSignal: AbortSignal }): Promise<unknown> =>
      client.send(new sdk.PutItemCommand(input), options)
  }

  const transactionOf = (writes: ReadonlyArray<Write>) => {
    // One token for the same bytes: an attempt whose answer was lost is answered again as it was.
    const ClientRequestToken = crypto.randomUUID()
    const TransactItems = writes.map((write) => {
      const { ConditionCheck, Put, TableName } = write
      return Put !== undefined
        ? { Put: { TableName, Item: Put.Item, ...conditionOf(write) } }
        : { ConditionCheck: { TableName, Key: ConditionCheck!.Key, ...conditionOf(write) } }
    })
    return (options: { readonly abortSignal: AbortSignal }): Promise<unknown> =>
      client.send(new sdk.TransactWriteItemsCommand({ TransactItems, ClientRequestToken }), options)
  }

  const batch = Effect.fnUntraced(function* (places: ReadonlyArray<Place>, only?: string) {
    const found: Array<Item> = []
    const how = { ConsistentRead: true as const, ...only === undefined ? {} : { ProjectionExpression: only } }
    let asked: Record<string, { Keys: Array<Item> }> = {}
    for (const { Key, TableName } of places) (asked[TableName] ??= { Keys: [], ...how }).Keys.push(Key)
    // An answer ends after 16 MB, or where the table is throttled. Each round gives at least one, or has failed, so
    // that none is a repeat; those behind the first have a pause in front.
    for (let round = 0; keysOf(asked) > 0; round++) {
      const before = keysOf(asked)
      if (round > 0) yield* Effect.provideService(Effect.sleep(limits.callBackoffMs), Clock.Clock, clock)
      const answered = call(async (options) => {
        const answer = await client.send(new sdk.BatchGetItemCommand({ RequestItems: asked }), options)
        if (keysOf(answer.UnprocessedKeys) >= before) throw unread()
        return answer
      })
      const { Responses = {}, UnprocessedKeys = {} } = yield* answered
      for (const items of Object.values(Responses)) found.push(...items)
      asked = UnprocessedKeys as typeof asked
    }
    return found
  })

  return {
    sdk,
    client,
    tableOf: (name) => `${prefix}${name}`,
    wallMs: () => clock.currentTimeMillisUnsafe(),
    permit: Semaphore.makeUnsafe(limits.connections).withPermit,
    call,
    write,
    get: (place) =>
      Effect.map(
        call((options) => client.send(new sdk.GetItemCommand({ ...place, ConsistentRead: true }), options)),
        ({ Item }) => Item,
      ),
    getEach: (places, only) =>
      Effect.map(
        Effect.forEach(
          Arrays.chunksOf(places, getAtOnce),
          (some) => batch(some, only),
          { concurrency: "unbounded" },
        ),
        (found) => found.flat(),
      ),
    query: (query) =>
      Effect.map(
        call((options) => client.send(new sdk.QueryCommand(query), options)),
        ({ Items = [], LastEvaluatedKey }) => ({ items: Items, next: LastEvaluatedKey }),
      ),
  }
}
