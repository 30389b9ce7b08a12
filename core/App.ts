/**
 * An application as one value: everything a host, a route table or a document generator needs to know.
 * @module
 */
import type * as Aggregate from "./Aggregate.ts"
import type * as Consumer from "./Consumer.ts"

export interface App {
  readonly name: string
  readonly aggregates: { readonly [name: string]: Aggregate.Any }
  readonly consumers: { readonly [name: string]: Consumer.Any }
}

export interface Parts {
  readonly aggregates: ReadonlyArray<Aggregate.Any>
  readonly consumers?: ReadonlyArray<Consumer.Any>
}

/** Puts an application together; two aggregates, or consumers, of one name stop the program at start. */
export const make = (name: string, parts: Parts): App => {
  const aggregates: Record<string, Aggregate.Any> = Object.create(null)
  for (const aggregate of parts.aggregates) {
    const { aggregate: key } = aggregate.contract
    if (aggregates[key] !== undefined) throw new Error(`two aggregates are named "${key}"`)
    aggregates[key] = aggregate
  }
  const consumers: Record<string, Consumer.Any> = Object.create(null)
  for (const consumer of parts.consumers ?? []) {
    if (consumers[consumer.name] !== undefined) throw new Error(`two consumers are named "${consumer.name}"`)
    consumers[consumer.name] = consumer
  }
  return { name, aggregates, consumers }
}
