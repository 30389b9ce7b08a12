/**
 * Calls of DynamoDB, each with a deadline, a bounded number of attempts and an answer that is certain or says that it is not.
 *
 * AWS's client attempts once: what a lost answer means depends on the call, so the attempts are counted here.
 * @module
 */
import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { type AwsError, Failed, type Found, refusedBy, Unsent, verdictOf } from "./faults.ts"
import type { Item } from "./items.ts"

export interface Bounds {
  /** Calls under way at once. */
  readonly calls: number
  readonly attempts: number
  readonly attemptMs: number
  /** Of all attempts of a call together. */
  readonly callMs: number
}

export type Written =
  | { readonly _tag: "Done" }
  /** Nothing was written: by item of the request, what stood there. `again`: an attempt before may have written it. */
  | { readonly _tag: "Refused"; readonly found: ReadonlyArray<Found>; readonly again: boolean }

export type Sdk = typeof import("@aws-sdk/client-dynamodb")
const backoffMs = 25
const backoffMaxMs = 500

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener("abort", end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener("abort", end)
  })

/** Lets so many in at once; the others wait in order. */
const gate = (max: number) => {
  let free = max
  const waiting: Array<() => void> = []
  return {
    enter: (): Promise<void> | undefined => free > 0 ? void free-- : new Promise((resolve) => waiting.push(resolve)),
    leave: (): void => {
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    },
  }
}

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
  readonly ExpressionAttributeValues: Record<string, AttributeValue>
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

export interface Calls {
  readonly sdk: Sdk
  readonly client: DynamoDBClient
  readonly tableOf: (name: string) => string
  /** One item, or several in one transaction: all or none. */
  readonly write: (writes: ReadonlyArray<Write>, signal: AbortSignal) => Promise<Written>
  readonly get: (TableName: string, Key: Item, signal: AbortSignal) => Promise<Item | undefined>
  /** Those that exist, in no order. */
  readonly getEach: (
    keys: ReadonlyArray<{ readonly TableName: string; readonly Key: Item }>,
    signal: AbortSignal,
  ) => Promise<ReadonlyArray<Item>>
  readonly query: (query: Query, signal: AbortSignal) => Promise<Items>
  /** Any other call. */
  readonly call: <A>(
    send: (options: { readonly abortSignal: AbortSignal }) => Promise<A>,
    signal: AbortSignal,
  ) => Promise<A>
}

const getAtOnce = 100

export const make = (sdk: Sdk, client: DynamoDBClient, prefix: string, bounds: Bounds): Calls => {
  const door = gate(bounds.calls)

  /** One attempt, within its time. */
  const attempt = async <A>(
    send: (options: { readonly abortSignal: AbortSignal }) => Promise<A>,
    signal: AbortSignal,
    until: number,
    ms: number,
  ): Promise<A> => {
    const entered = door.enter()
    if (entered !== undefined) await entered
    const controller = new AbortController()
    const abort = () => controller.abort()
    const timer = setTimeout(abort, ms)
    signal.addEventListener("abort", abort)
    try {
      if (signal.aborted || performance.now() >= until) throw new Unsent()
      return await send({ abortSignal: controller.signal })
    } finally {
      door.leave()
      clearTimeout(timer)
      signal.removeEventListener("abort", abort)
    }
  }

  /** `settles` tells of an error whether it is an answer. */
  const attempts = async <A>(
    send: (options: { readonly abortSignal: AbortSignal }) => Promise<A>,
    signal: AbortSignal,
    settles: (error: AwsError, maybe: boolean) => A | undefined = () => undefined,
  ): Promise<A> => {
    const until = performance.now() + bounds.callMs
    let maybe = false
    for (let made = 1;; made++) {
      const left = until - performance.now()
      try {
        return await attempt(send, signal, until, Math.max(1, Math.min(bounds.attemptMs, left)))
      } catch (cause) {
        const error = cause as AwsError
        const settled = settles(error, maybe)
        if (settled !== undefined) return settled
        // The request itself is wrong: that is a bug, whatever is asked how often.
        if (error.name === "ValidationException") throw cause
        const verdict = verdictOf(error)
        maybe ||= verdict.maybe
        const wait = Math.random() * Math.min(backoffMaxMs, backoffMs * 2 ** made)
        const over = made >= bounds.attempts || !verdict.again || signal.aborted || performance.now() + wait >= until
        if (over) throw new Failed(verdict.reason, maybe, cause)
        await sleep(wait, signal)
      }
    }
  }

  const conditionOf = ({ condition, names, values }: Write) => ({
    ConditionExpression: condition,
    ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
    ...values === undefined ? {} : { ExpressionAttributeValues: values },
    ...names === undefined ? {} : { ExpressionAttributeNames: names },
  })
  const done: Written = { _tag: "Done" }

  return {
    sdk,
    client,
    tableOf: (name) => `${prefix}${name}`,
    call: attempts,
    write: (writes, signal) => {
      const [first] = writes
      const refused = (error: AwsError, again: boolean): Written | undefined => {
        const found = refusedBy(error)
        return found && { _tag: "Refused", found, again }
      }
      if (writes.length === 1 && first!.Put !== undefined) {
        const input = { TableName: first!.TableName, Item: first!.Put.Item, ...conditionOf(first!) }
        return attempts<Written>(
          (options) => client.send(new sdk.PutItemCommand(input), options).then(() => done),
          signal,
          refused,
        )
      }
      // One token for the same bytes: an attempt whose answer was lost is answered again as it was.
      const ClientRequestToken = crypto.randomUUID()
      const TransactItems = writes.map((write) => {
        const { ConditionCheck, Put, TableName } = write
        return Put !== undefined
          ? { Put: { TableName, Item: Put.Item, ...conditionOf(write) } }
          : { ConditionCheck: { TableName, Key: ConditionCheck!.Key, ...conditionOf(write) } }
      })
      return attempts<Written>(
        (options) =>
          client.send(new sdk.TransactWriteItemsCommand({ TransactItems, ClientRequestToken }), options)
            .then(() => done),
        signal,
        refused,
      )
    },
    get: (TableName, Key, signal) =>
      attempts(
        (options) => client.send(new sdk.GetItemCommand({ TableName, Key, ConsistentRead: true }), options),
        signal,
      ).then(({ Item }) => Item),
    getEach: async (keys, signal) => {
      const found: Array<Item> = []
      for (let from = 0; from < keys.length; from += getAtOnce) {
        let asked: Record<string, { Keys: Array<Item>; ConsistentRead: true }> = {}
        for (const { Key, TableName } of keys.slice(from, from + getAtOnce)) {
          ;(asked[TableName] ??= { Keys: [], ConsistentRead: true }).Keys.push(Key)
        }
        for (let round = 0; Object.keys(asked).length > 0; round++) {
          if (round > 0) await sleep(backoffMs * round, signal)
          if (round === bounds.attempts * 4) throw new Failed("throttled", false, undefined)
          const { Responses, UnprocessedKeys } = await attempts(
            (options) => client.send(new sdk.BatchGetItemCommand({ RequestItems: asked }), options),
            signal,
          )
          for (const items of Object.values(Responses ?? {})) found.push(...items)
          asked = (UnprocessedKeys ?? {}) as typeof asked
        }
      }
      return found
    },
    query: (query, signal) =>
      attempts((options) => client.send(new sdk.QueryCommand(query), options), signal)
        .then(({ Items = [], LastEvaluatedKey }) => ({ items: Items, next: LastEvaluatedKey })),
  }
}
