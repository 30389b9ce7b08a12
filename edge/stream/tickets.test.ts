import { assert, describe, it } from "@effect/vitest"
import * as tickets from "./tickets.ts"

const limits = { ticketMs: 30_000, tickets: 6, ticketsPerPrincipal: 3 }
const who = (subject: string) => ({ tenant: "t", subject, scopes: ["stream"], expiresAt: 1e15 })
const make = () => tickets.make((text) => `hash of ${text}`, limits)

describe("tickets", () => {
  it("are each good once, for their principal, and no two alike", () => {
    const store = make()
    const [first, second] = [store.give(who("a"), 0), store.give(who("b"), 0)]
    assert.match(first, /^[0-9a-f]{64}$/)
    assert.notStrictEqual(first, second)
    assert.strictEqual(store.take(second, 1)?.subject, "b")
    assert.isUndefined(store.take(second, 1))
    assert.strictEqual(store.take(first, 1)?.subject, "a")
    assert.isUndefined(store.take("0".repeat(64), 1))
  })
  it("live for their time, also where the clock is set back", () => {
    const store = make()
    const [first, second] = [store.give(who("a"), 100_000), store.give(who("b"), 100_000)]
    assert.isDefined(store.take(first, 129_999))
    assert.isUndefined(store.take(second, 130_000))
    assert.isUndefined(store.take(store.give(who("a"), 100_000), 50_000))
  })
  it("are few: a principal loses its oldest, and all together have a bound", () => {
    const store = make()
    const other = store.give(who("b"), 0)
    const own = Array.from({ length: 4 }, () => store.give(who("a"), 0))
    assert.isUndefined(store.take(own[0]!, 1))
    for (let n = 0; n < 5; n++) store.give(who(`c${n}`), 0)
    assert.isUndefined(store.take(other, 1))
  })
})
