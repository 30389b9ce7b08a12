/**
 * What a test asks of DynamoDB: calls as the client makes them, capacity as the engine counts it.
 * @module
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { Effect } from "effect"

interface Counted {
  readonly operation: string
  readonly items: number
  units: number
}

/** Counts every call of a client, and what it consumed. */
export const counter = () => {
  const calls: Array<Counted> = []
  const watch = (client: DynamoDBClient) =>
    client.middlewareStack.add(
      (next, { commandName = "" }) => async (args) => {
        if (!/Item|Query|Scan/.test(commandName)) return next(args)
        const { TransactItems } = args.input as { readonly TransactItems?: ReadonlyArray<unknown> }
        const call = { operation: commandName.replace("Command", ""), items: TransactItems?.length ?? 1, units: 0 }
        // One that is refused is counted all the same.
        calls.push(call)
        const answer = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: "TOTAL" } })
        const { ConsumedCapacity } = answer.output as { readonly ConsumedCapacity?: unknown }
        const parts = [ConsumedCapacity ?? []].flat() as ReadonlyArray<{ readonly CapacityUnits?: number }>
        call.units = parts.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0)
        return answer
      },
      { step: "initialize" },
    )
  /** The calls of an effect: each operation with its items, and all units together. */
  const costOf = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.gen(function* () {
      calls.length = 0
      yield* effect
      const units = calls.reduce((sum, call) => sum + call.units, 0)
      return { calls: calls.map(({ items, operation }) => items > 1 ? `${operation} ${items}` : operation), units }
    })
  return { costOf, watch }
}
