/**
 * Rows of the small tables: plain values under a key, read consistently and written under conditions.
 *
 * A condition that does not hold is an answer and brings the row that stands there. A write whose answer was lost is sent
 * again and may meet itself: what must not be done twice carries a token.
 * @module
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb"
import { Effect, Random } from "effect"
import type { StoreUnavailable } from "../../../core/EventStore.ts"
import type { Failed } from "../aws/Failed.ts"
import type { Asked, Calls } from "./calls.ts"
import { unavailable } from "./faults.ts"
import type { Item } from "./items.ts"

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

/** What a filtered query looks at before it answers; what does not pass counts, too. */
const looked = 1_000

/** The rows of one table; those of events and receipts are not of this kind. */
export const make = (calls: Calls, table: "consumption" | "control"): Rows => {
  const { client, sdk } = calls
  const TableName = calls.tableOf(table)
  const read = <A>(call: Asked<A>) => calls.permit(unavailable(call))
  const write = (
    send: (options: { readonly abortSignal: AbortSignal }) => Promise<{ readonly Attributes?: Item | undefined }>,
  ) =>
    calls.permit(Effect.catch(
      Effect.map(calls.call(send), ({ Attributes = {} }): Written => ({ _tag: "Done", row: rowOf(Attributes) })),
      (failed) => {
        const refusal = refusalOf(failed)
        return refusal === undefined ? unavailable(Effect.fail(failed)) : Effect.succeed(refusal)
      },
    ))
  const placeOf = ({ pk, sk }: Key) => ({ TableName, Key: itemOf({ pk, sk }) })
  const putOf = ({ condition, row }: Put) => ({ TableName, Item: itemOf(row), ...conditioned(condition) })

  return {
    expiry: (afterMs) => Math.ceil((calls.wallMs() + afterMs) / 1000),
    get: (key) => Effect.map(read(calls.get(placeOf(key))), (item) => item && rowOf(item)),
    getEach: (keys) => Effect.map(read(calls.getEach(keys.map(placeOf))), (found) => found.map(rowOf)),
    put: (put) => write((options) => client.send(new sdk.PutItemCommand(putOf(put)), options)),
    putAll: (puts) =>
      Effect.flatMap(token, (ClientRequestToken) => {
        // The same token for the same bytes: sent again, it is answered as it was.
        const input = { ClientRequestToken, TransactItems: puts.map((put) => ({ Put: putOf(put) })) }
        return write((options) => client.send(new sdk.TransactWriteItemsCommand(input), options).then(() => ({})))
      }),
    update: (key, change, condition) =>
      write((options) =>
        client.send(
          new sdk.UpdateItemCommand({
            ...placeOf(key),
            ...{ UpdateExpression: change.text, ReturnValues: "ALL_NEW" },
            ...conditioned(condition, change),
          }),
          options,
        )
      ),
    drop: (key, condition) =>
      write((options) =>
        client.send(
          new sdk.DeleteItemCommand({ ...placeOf(key), ...conditioned(condition) }),
          options,
        )
      ),
    query: Effect.fnUntraced(function* ({ filter, index, isBackwards = false, limit, where }) {
      const found: Array<Row> = []
      let from: Item | undefined
      do {
        const page = yield* read(calls.query({
          ...{ TableName, KeyConditionExpression: where.text, ScanIndexForward: !isBackwards },
          ...named(where, filter),
          ...index === undefined ? { ConsistentRead: true } : { IndexName: index },
          ...filter === undefined ? { Limit: limit - found.length } : { FilterExpression: filter.text, Limit: looked },
          ExclusiveStartKey: from,
        }))
        found.push(...page.items.map(rowOf))
        from = page.next
      } while (from !== undefined && found.length < limit)
      return found.slice(0, limit)
    }),
  }
}
