/**
 * Rows of the small tables: plain values under a key, read consistently and written under conditions.
 *
 * A condition that does not hold is an answer and brings the row that stands there. A write whose answer was lost is sent
 * again and may meet itself: what must not be done twice carries a token.
 * @module
 */
import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { type Clock, Effect, Random } from "effect"
import { StoreUnavailable } from "../../../core/EventStore.ts"
import type { Failed } from "../aws/Failed.ts"
import type { Call } from "../aws/Retry.ts"

export interface Key {
  readonly pk: string
  readonly sk: string
}
export type Value = string | number
export type Row = Readonly<Record<string, Value>>
/** `#name` in an expression is the attribute of that name, `:name` the value given here. */
export interface Expression {
  readonly text: string
  readonly values?: Readonly<Record<string, Value>>
}
export type Written =
  /** With the new row, where it was an update. */
  | { readonly _tag: "Done"; readonly row: Row }
  | { readonly _tag: "Refused"; readonly found: Row | undefined }
export type Put = { readonly row: Row & Key; readonly condition: Expression }

export interface Rows {
  readonly get: (key: Key) => Effect.Effect<Row | undefined, StoreUnavailable>
  /** Those that exist, in no order. */
  readonly getEach: (keys: ReadonlyArray<Key>) => Effect.Effect<ReadonlyArray<Row>, StoreUnavailable>
  readonly put: (put: Put) => Effect.Effect<Written, StoreUnavailable>
  /** All or none of at most a hundred; what one of the refused met is said. */
  readonly putAll: (puts: ReadonlyArray<Put>) => Effect.Effect<Written, StoreUnavailable>
  /** `change` begins with SET, ADD or REMOVE. */
  readonly update: (key: Key, change: Expression, condition: Expression) => Effect.Effect<Written, StoreUnavailable>
  readonly drop: (key: Key, condition: Expression) => Effect.Effect<Written, StoreUnavailable>
  readonly query: (query: Query) => Effect.Effect<ReadonlyArray<Row>, StoreUnavailable>
  /** What `expiresAt` is of a row that may go after so long. */
  readonly expiry: (afterMs: number) => number
}
export interface Query {
  readonly where: Expression
  readonly filter?: Expression
  /** Consistent without. */
  readonly index?: string
  readonly isBackwards?: boolean
  /** As many are given, if there are so many: pages are read until then. */
  readonly limit: number
}

type Sdk = typeof import("@aws-sdk/client-dynamodb")
type Item = Record<string, AttributeValue>

export interface Access {
  readonly sdk: Sdk
  readonly client: DynamoDBClient
  readonly call: Call
  /** Before the name of each table. */
  readonly prefix: string
  /** DynamoDB deletes by a clock of its own: what may go is said by this one, whatever time a caller lives in. */
  readonly clock: Clock.Clock
}

/** That of a row which does not exist. */
export const isAbsent: Expression = { text: "attribute_not_exists(#pk)" }

/** Tells one write from all others. */
export const token: Effect.Effect<string> = Effect.map(
  Effect.all([Random.next, Random.next]),
  (parts) => parts.map((part) => Math.floor(part * 2 ** 52).toString(36)).join("-"),
)

const valueOf = (value: Value): AttributeValue => typeof value === "string" ? { S: value } : { N: String(value) }
const itemOf = (row: Row): Item =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, valueOf(value)]))
const rowOf = (item: Item): Row =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.S ?? Number(value.N)]))

/** Every name is an alias: many are words of DynamoDB. */
const named = (...expressions: ReadonlyArray<Expression | undefined>) => {
  const some = expressions.filter((one) => one !== undefined)
  const names = some.flatMap(({ text }) => text.match(/#\w+/g) ?? [])
  const values = Object.entries(Object.assign({}, ...some.map(({ values }) => values)) as Record<string, Value>)
  return {
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [name, name.slice(1)])),
    ...values.length === 0
      ? {}
      : { ExpressionAttributeValues: Object.fromEntries(values.map(([name, value]) => [`:${name}`, valueOf(value)])) },
  }
}
const conditioned = (condition: Expression, change?: Expression) => ({
  ConditionExpression: condition.text,
  ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
  ...named(condition, change),
})

const unavailable = ({ cause, code, kind }: Failed): StoreUnavailable => {
  const reason = kind === "throttled"
    ? kind
    : kind === "transient"
    ? "unanswered"
    : code === "ResourceNotFoundException"
    ? "table-missing"
    : kind
  return new StoreUnavailable({ reason, cause })
}

interface SdkError {
  readonly Item?: Item
  readonly CancellationReasons?: ReadonlyArray<{ readonly Code?: string; readonly Item?: Item }>
}
const refused = (item: Item | undefined): Written => ({ _tag: "Refused", found: item && rowOf(item) })
/** Where a condition did not hold, or another transaction was quicker every time: then nothing is known of what stands. */
const refusalOf = ({ cause, code, mayHaveActed }: Failed): Written | undefined => {
  const { CancellationReasons, Item } = (cause ?? {}) as SdkError
  if (code === "ConditionalCheckFailedException") return refused(Item)
  const reasons = new Map(CancellationReasons?.map(({ Code, Item }) => [Code, Item]))
  if (reasons.has("ConditionalCheckFailed")) return refused(reasons.get("ConditionalCheckFailed"))
  return reasons.has("TransactionConflict") && !mayHaveActed ? refused(undefined) : undefined
}

/** DynamoDB takes no more keys at once. */
const keysMax = 100
/** Reads of a part that it left out, before it counts as throttled; between them ever longer pauses. */
const roundsMax = 10
const pauseMs = 20

/** The rows of one table; those of events and receipts are not of this kind. */
export const make = ({ call, client, clock, prefix, sdk }: Access, table: "consumption" | "control"): Rows => {
  const TableName = `${prefix}${table}`
  const sent = <A>(send: (options: { readonly abortSignal: AbortSignal }) => Promise<A>) =>
    call((abortSignal) => send({ abortSignal }))
  const read = <A>(send: (options: { readonly abortSignal: AbortSignal }) => Promise<A>) =>
    Effect.mapError(sent(send), unavailable)
  const write = (
    send: (options: { readonly abortSignal: AbortSignal }) => Promise<{ readonly Attributes?: Item | undefined }>,
  ) =>
    sent(send).pipe(
      Effect.map(({ Attributes = {} }): Written => ({ _tag: "Done", row: rowOf(Attributes) })),
      Effect.catch((failed) => {
        const refusal = refusalOf(failed)
        return refusal === undefined ? Effect.fail(unavailable(failed)) : Effect.succeed(refusal)
      }),
    )
  const putOf = ({ condition, row }: Put) => ({ TableName, Item: itemOf(row), ...conditioned(condition) })

  const getSome = Effect.fnUntraced(function* (keys: ReadonlyArray<Key>) {
    const found: Array<Row> = []
    let left: Array<Item> = keys.map(({ pk, sk }) => itemOf({ pk, sk }))
    for (let round = 0; left.length > 0; round++) {
      if (round === roundsMax) return yield* new StoreUnavailable({ reason: "throttled" })
      if (round > 0) yield* Effect.sleep(round * pauseMs)
      const RequestItems = { [TableName]: { Keys: left, ConsistentRead: true } }
      const { Responses, UnprocessedKeys } = yield* read((options) =>
        client.send(new sdk.BatchGetItemCommand({ RequestItems }), options)
      )
      for (const item of Responses?.[TableName] ?? []) found.push(rowOf(item))
      left = UnprocessedKeys?.[TableName]?.Keys ?? []
    }
    return found
  })

  return {
    expiry: (afterMs) => Math.ceil((clock.currentTimeMillisUnsafe() + afterMs) / 1000),
    get: ({ pk, sk }) =>
      Effect.map(
        read((options) =>
          client.send(new sdk.GetItemCommand({ TableName, Key: itemOf({ pk, sk }), ConsistentRead: true }), options)
        ),
        ({ Item }) => Item && rowOf(Item),
      ),
    getEach: (keys) => {
      const parts = Array.from(
        { length: Math.ceil(keys.length / keysMax) },
        (_, i) => keys.slice(i * keysMax, (i + 1) * keysMax),
      )
      return Effect.map(Effect.forEach(parts, getSome, { concurrency: 4 }), (found) => found.flat())
    },
    put: (put) => write((options) => client.send(new sdk.PutItemCommand(putOf(put)), options)),
    putAll: (puts) =>
      Effect.flatMap(token, (ClientRequestToken) => {
        // The same token for the same bytes: sent again, it is answered as it was.
        const input = { ClientRequestToken, TransactItems: puts.map((put) => ({ Put: putOf(put) })) }
        return write((options) => client.send(new sdk.TransactWriteItemsCommand(input), options).then(() => ({})))
      }),
    update: ({ pk, sk }, change, condition) =>
      write((options) =>
        client.send(
          new sdk.UpdateItemCommand({
            ...{ TableName, Key: itemOf({ pk, sk }), UpdateExpression: change.text, ReturnValues: "ALL_NEW" },
            ...conditioned(condition, change),
          }),
          options,
        )
      ),
    drop: ({ pk, sk }, condition) =>
      write((options) =>
        client.send(
          new sdk.DeleteItemCommand({ TableName, Key: itemOf({ pk, sk }), ...conditioned(condition) }),
          options,
        )
      ),
    query: Effect.fnUntraced(function* ({ filter, index, isBackwards = false, limit, where }) {
      const found: Array<Row> = []
      let from: Item | undefined
      do {
        const input = {
          TableName,
          KeyConditionExpression: where.text,
          ScanIndexForward: !isBackwards,
          ...named(where, filter),
          ...index === undefined ? { ConsistentRead: true } : { IndexName: index },
          // It counts what it looks at, not what passes.
          ...filter === undefined ? { Limit: limit - found.length } : { FilterExpression: filter.text },
          ...from === undefined ? {} : { ExclusiveStartKey: from },
        }
        const page = yield* read((options) => client.send(new sdk.QueryCommand(input), options))
        for (const item of page.Items ?? []) found.push(rowOf(item))
        from = page.LastEvaluatedKey
      } while (from !== undefined && found.length < limit)
      return found.slice(0, limit)
    }),
  }
}
