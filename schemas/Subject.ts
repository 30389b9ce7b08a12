/**
 * The name under which an event's schema is registered: `Order.OrderPlaced.v2`.
 *
 * The number is the contract's version of the event, which every stored event carries as `schemaVersion`. A compatible
 * edit keeps it and adds a revision in the registry; an incompatible one opens the subject of the next number.
 * @module
 */
import { namePattern } from "./Fields.ts"

export interface Subject {
  readonly aggregate: string
  readonly type: string
  readonly version: number
}

export const make = (aggregate: string, type: string, version: number): string => `${aggregate}.${type}.v${version}`

const name = namePattern.source.slice(1, -1)
export const pattern = new RegExp(`^(${name})\\.(${name})\\.v([1-9][0-9]{0,5})$`)

/** Nothing where the text names no subject. */
export const parse = (text: string): Subject | undefined => {
  const [, aggregate, type, version] = pattern.exec(text) ?? []
  return aggregate === undefined || type === undefined ? undefined : { aggregate, type, version: Number(version) }
}
