import { assert, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { defaults } from "../../../core/Limits.ts"
import { make, type Sdk } from "./calls.ts"

type Keys = ReadonlyArray<{ readonly pk: { readonly S: string } }>

/** Asks a table for so many keys; it reads so many of them each time. */
const reading = (keys: number, ...counts: ReadonlyArray<number>) => {
  const asked: Array<number> = []
  const sdk = {
    BatchGetItemCommand: class {
      readonly keys: Keys
      constructor(input: { readonly RequestItems: { readonly t: { readonly Keys: Keys } } }) {
        this.keys = input.RequestItems.t.Keys
      }
    },
  }
  const client = {
    send: ({ keys }: { readonly keys: Keys }) => {
      const count = counts[asked.length] ?? 0
      asked.push(keys.length)
      const [read, left] = [keys.slice(0, count), keys.slice(count)]
      return Promise.resolve({
        Responses: { t: read },
        ...left.length > 0 ? { UnprocessedKeys: { t: { Keys: left } } } : {},
      })
    },
  }
  const limits = { ...defaults, callBackoffMs: 1, callBackoffMaxMs: 1 }
  const calls = Effect.map(
    Clock.Clock,
    (clock) => make(sdk as unknown as Sdk, client as unknown as Parameters<typeof make>[1], "", limits, clock),
  )
  const places = Array.from({ length: keys }, (_, i) => ({ TableName: "t", Key: { pk: { S: `${i}` } } }))
  return { asked, getEach: Effect.flatMap(calls, ({ getEach }) => getEach(places)) }
}

it.live("getEach() asks again for keys that were not read, until all were", () =>
  Effect.gen(function* () {
    const { asked, getEach } = reading(100, 60, 30, 10)
    const found = yield* getEach
    assert.deepStrictEqual(found.map((item) => item["pk"]?.S), Array.from({ length: 100 }, (_, i) => `${i}`))
    assert.deepStrictEqual(asked, [100, 40, 10])
  }))

it.live("getEach() asks for a hundred at once, and for all hundreds side by side", () =>
  Effect.gen(function* () {
    const { asked, getEach } = reading(250, 100, 100, 50)
    assert.strictEqual((yield* getEach).length, 250)
    assert.deepStrictEqual(asked, [100, 100, 50])
  }))

it.live("getEach() of a table that reads no key is throttled, and ends", () =>
  Effect.gen(function* () {
    const { asked, getEach } = reading(100, 60)
    const failed = yield* Effect.flip(getEach)
    assert.deepStrictEqual([failed.kind, failed.mayHaveActed], ["throttled", false])
    assert.isAtMost(asked.length, 1 + defaults.callAttempts)
  }))
