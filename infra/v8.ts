/**
 * What V8 is told where a server runs; the bench starts every subject with the same.
 *
 * A server makes much short-lived garbage: a larger nursery (MiB) lets most of it die before it is ever copied. And it does
 * the same things over and over: what was called 600 times, not 3,000, is worth the best compiler.
 *
 * Nothing is allocated as old because what was allocated there before has survived: commands that waited for something once
 * (the gate's first answers) had all later ones allocated as old, with everything they pointed to. A governed command then
 * left 2 KB more for the full collection and took a third more processor time.
 * @module
 */
export const v8Flags = [
  "--min-semi-space-size=32",
  "--max-semi-space-size=64",
  "--invocation-count-for-turbofan=600",
  "--no-allocation-site-pretenuring",
].join()
