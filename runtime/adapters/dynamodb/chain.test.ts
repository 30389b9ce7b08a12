import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Again, type Append } from "../../../core/EventStore.ts"
import { commit } from "./chain.ts"
import type { Calls } from "./calls.ts"
import * as Heads from "./heads.ts"
import type { Item } from "./items.ts"

const stream = { tenant: "t", aggregate: "Order", id: "o" }

const append = (version: number, more: Partial<Append>): Append => ({
  stream,
  expected: { version, recordedAt: 0, closed: false },
  events: [{ eventId: `e-${version}`, type: "Placed", schemaVersion: 1, payload: "{}" }],
  command: {
    ...{ commandId: `c-${version}`, given: false, fingerprint: "f", correlationId: `c-${version}` },
    ...{ causationId: undefined, principal: "p", traceparent: undefined, writerId: "w" },
  },
  remember: true,
  refusal: undefined,
  ...more,
})

/** It knows that the stream of `append` stands at version 4. */
const storeOf = (calls: Partial<Calls>, receiptTtlMs: number) => {
  const heads = Heads.make(10)
  heads.learn("t#Order#o", { version: 4, recordedAt: 0, closed: false })
  const tables = { events: "events", receipts: "receipts" }
  return { calls: calls as Calls, heads, ...tables, receiptTtlMs, iterators: new Map() }
}

/** A table without items; what it is asked, and whether as a repeat. */
const asked = (chain: ReadonlyArray<Append>): Effect.Effect<ReadonlyArray<string>> => {
  const seen: Array<string> = []
  const note = (what: string, isRepeat: boolean) => seen.push(isRepeat ? `${what} again` : what)
  const calls: Partial<Calls> = {
    get: () => Effect.map(Again, (isRepeat) => void note("get", isRepeat)),
    getEach: (places) => Effect.map(Again, (isRepeat) => (note(`get ${places.length}`, isRepeat), [])),
    write: (writes, isRepeat) => Effect.sync(() => (note(`write ${writes.length}`, isRepeat), { _tag: "Done" })),
    query: () => Effect.succeed({ items: [], next: undefined }),
    wallMs: () => 1,
  }
  const store = storeOf(calls, 1)
  return Effect.as(commit(store, chain, () => 1), seen)
}

it.effect("a new append is one write", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* asked([append(4, {})]), ["write 1"])
  }))

it.effect("what was tried before is looked for in one request, which is a repeat like the write behind it", () =>
  Effect.gen(function* () {
    const chain = [append(4, { tried: 5, again: true }), append(5, { tried: 6, again: true })]
    assert.deepStrictEqual(yield* asked(chain), ["get 2 again", "write 2 again"])
  }))

it.effect("what a caller repeats under the key that an unknown outcome named is a command of its own", () =>
  Effect.gen(function* () {
    const commandId = "01890a5d-ac96-774b-bcce-b302099a8057.5"
    const chain = [append(4, { command: { ...append(4, {}).command!, commandId, given: true } })]
    assert.deepStrictEqual(yield* asked(chain), ["get 1", "write 2"])
  }))

it.effect("a version that this process has not seen is asked for, as a repeat where the append is one", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* asked([append(6, { again: true })]).pipe(Effect.map((all) => all[0])), "get again")
    assert.deepStrictEqual(yield* asked([append(6, {})]).pipe(Effect.map((all) => all[0])), "get")
  }))

it.effect("a receipt that has expired is replaced, once a plain condition has met it", () =>
  Effect.gen(function* () {
    const conditions: Array<ReadonlyArray<string>> = []
    const calls: Partial<Calls> = {
      wallMs: () => 100,
      write: (writes) =>
        Effect.sync(() => {
          conditions.push(writes.map(({ condition }) => condition))
          if (conditions.length > 1) return { _tag: "Done" }
          const [expired] = writes.flatMap(({ Put }) => Put?.Item["command"] === undefined ? [Put!.Item] : [])
          return { _tag: "Refused", found: [undefined, { ...expired!, at: { N: "1" } }], again: false }
        }),
    }
    const store = storeOf(calls, 10)
    const chain = [append(4, { command: { ...append(4, {}).command!, given: true } })]
    assert.deepStrictEqual((yield* commit(store, chain, () => 100)).map(({ _tag }) => _tag), ["Committed"])
    const absent = "attribute_not_exists(pk)"
    assert.deepStrictEqual(conditions, [[absent, absent], [absent, `${absent} OR #at < :alive`]])
  }))

it.effect("receipts expire by the time that is held against DynamoDB's own, whatever time their events have", () =>
  Effect.gen(function* () {
    const kept: Array<Item> = []
    const calls: Partial<Calls> = {
      wallMs: () => 1_000_000,
      write: (writes) =>
        Effect.sync(() => {
          kept.push(...writes.flatMap(({ Put, TableName }) => TableName === "receipts" ? [Put!.Item] : []))
          return { _tag: "Done" }
        }),
    }
    const store = storeOf(calls, 10_000)
    const noop = (commandId: string) =>
      append(4, { events: [], command: { ...append(4, {}).command!, commandId, given: true } })
    yield* commit(store, [noop("a"), noop("b")], () => 100)
    const expected = { at: { N: "100" }, expiresAt: { N: `${1_010 + 3_600}` } }
    assert.deepStrictEqual(
      kept.map((item) => ({ at: item["at"], expiresAt: item["expiresAt"] })),
      [expected, expected],
    )
  }))
