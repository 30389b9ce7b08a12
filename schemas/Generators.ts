/**
 * Generators of a contract's commands and events, drawn from their schemas.
 *
 * Effect's `Arbitrary` makes null-prototype objects: compare with `Equal`, not with a deep equality that sees prototypes.
 * @module
 */
import { Arbitrary, Schema } from "effect"
import type * as Contract from "./Contract.ts"
import { type Fields, struct } from "./Fields.ts"

const union = <A>(parts: ReadonlyArray<readonly [tag: string, fields: Fields]>): Arbitrary.Arbitrary<A> =>
  Arbitrary.schema(Schema.Union(parts.map(([tag, fields]) => Schema.TaggedStruct(tag, fields)))) as never

/** Any event of the contract in its newest version. */
export const event = <C extends Contract.Any>(contract: C): Arbitrary.Arbitrary<Contract.EventOf<C>> =>
  union(Object.values(contract.events).map((event) => [event.tag, event.versions.at(-1)!]))

/** Any command of the contract. */
export const command = <C extends Contract.Any>(contract: C): Arbitrary.Arbitrary<Contract.CommandOf<C>> =>
  union(Object.values(contract.commands).map((command) => [command.tag, command.fields]))

/** The payload of one version of one event, for upcaster laws. */
export const payload = (fields: Fields): Arbitrary.Arbitrary<unknown> => Arbitrary.schema(struct(fields))
