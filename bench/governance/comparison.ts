/**
 * One schema of 40 fields against its 20 earlier revisions, as a registration asks: the clock runs for the check alone.
 *
 * The candidate is new each time, in its words too; the revisions are parsed anew, as they come out of a store.
 * @module
 */
import { Result } from "effect"
import * as Compatibility from "../../schemas/Compatibility.ts"

type Json = Compatibility.JsonSchema[string]

const kinds: ReadonlyArray<Json> = [
  { type: "string", minLength: 1, maxLength: 100 },
  { type: "integer", minimum: 0, maximum: 1_000_000 },
  { type: "array", items: { type: "object", properties: { a: { type: "string" } }, required: ["a"] } },
  { anyOf: [{ type: "number" }, { type: "null" }] },
  { enum: ["one", "two", "three"] },
]
/** Each takes less than the kind in its place: five differences with every revision. */
const narrower: ReadonlyArray<Json> = [
  { type: "string", minLength: 2, maxLength: 100 },
  { type: "integer", minimum: 0, maximum: 1_000 },
  { type: "array", items: { type: "object", properties: { a: { type: "integer" } }, required: ["a"] } },
  { type: "number" },
  { enum: ["one", "two"] },
]

/** `count` fields of several kinds, the first twenty required, nothing else allowed. */
const schemaOf = (count: number, own: { readonly [field: string]: Json } = {}): Compatibility.JsonSchema => ({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    ...Object.fromEntries(Array.from({ length: count }, (_, n) => [`field${n}`, kinds[n % kinds.length]!])),
    ...own,
  },
  required: Array.from({ length: 20 }, (_, n) => `field${n}`),
  additionalProperties: false,
})

const revisions = JSON.stringify(Array.from({ length: 20 }, (_, n) => ({ revision: n + 1, schema: schemaOf(20 + n) })))

/** Milliseconds of each of `count` checks, sorted, after as many that are not counted. */
const timesMs = (
  count: number,
  differences: number,
  own: { readonly [field: string]: Json },
): ReadonlyArray<number> => {
  const times: Array<number> = []
  for (let n = -count; n < count; n++) {
    const text = JSON.stringify({
      ...schemaOf(39, { ...own, field39: { type: "string", maxLength: count + n } }),
      title: `candidate ${n} with ${differences}`,
    })
    const candidate = JSON.parse(text)
    const earlier = JSON.parse(revisions)
    const startedAt = performance.now()
    const found = Compatibility.check({ candidate, earlier, mode: "BACKWARD_TRANSITIVE" })
    if (n >= 0) times.push(performance.now() - startedAt)
    const shown = Result.isFailure(found)
      ? []
      : found.success.filter(({ counterexample }) => counterexample !== undefined)
    if (Result.isFailure(found) || found.success.length !== differences || shown.length !== differences) {
      throw new Error(`${differences} differences are there, each with a value`)
    }
  }
  return times.sort((a, b) => a - b)
}

export const compatible = (count: number) => timesMs(count, 0, {})
export const incompatible = (count: number) =>
  timesMs(count, narrower.length, Object.fromEntries(narrower.map((kind, n) => [`field${n}`, kind])))
