/**
 * Values drawn from contracts, for properties of one's own; the same seed draws the same values on every runtime.
 *
 * Effect's `Arbitrary` makes null-prototype objects: compare with `Equal`, not with a deep equality that sees prototypes.
 * @module
 */
import { Arbitrary, Effect } from "effect"

export {
  command as generateCommand,
  event as generateEvent,
  payload as generatePayload,
} from "../schemas/Generators.ts"

/** `count` values of a generator, small ones first. A schema that nothing fits dies. */
export const draw = <A>(arbitrary: Arbitrary.Arbitrary<A>, count: number, seed = 1): Effect.Effect<ReadonlyArray<A>> =>
  Effect.orDie(Arbitrary.sampleEffect(arbitrary, { count, seed }))
