/**
 * What V8 is told where a server runs; the bench starts every subject with the same.
 *
 * A server makes much short-lived garbage: a larger nursery (MiB) lets most of it die before it is ever copied. And it does
 * the same things over and over: what was called 600 times, not 3,000, is worth the best compiler.
 * @module
 */
export const v8Flags = "--min-semi-space-size=32,--max-semi-space-size=64,--invocation-count-for-turbofan=600"
