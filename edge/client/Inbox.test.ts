/**
 * What an inbox remembers, and how much of it.
 * @module
 */
import { assert, describe, it } from "vitest"
import { type Bounds, defaults } from "./bounds.ts"
import * as Inbox from "./Inbox.ts"

const event = (id: string, version: number) => ({ aggregate: "Box", id, version })
const all = (inbox: Inbox.Inbox) => {
  const found: Array<string> = []
  for (let one = inbox.take(); one !== undefined; one = inbox.take()) found.push(`${one.id}/${one.version}`)
  return found
}
const open = (bounds: Partial<Bounds> = {}) => Inbox.make({ after: "start" }, { ...defaults, ...bounds })

describe("an inbox", () => {
  it("remembers so many streams, and forgets those that were silent longest", () => {
    const inbox = open({ streams: 2 })
    inbox.put([event("a", 1), event("b", 1), event("a", 2), event("c", 1)], "4", 1)
    inbox.put([event("a", 1), event("a", 2), event("c", 1), event("b", 1)], "4", 1)
    assert.deepStrictEqual(all(inbox), ["a/1", "b/1", "a/2", "c/1", "b/1"])
  })

  it("is full by events or by bytes, and has room at half", () => {
    for (const bounds of [{ waitingEvents: 4 }, { waitingBytes: 40 }]) {
      const inbox = open(bounds)
      for (let n = 1; n <= 4; n++) inbox.put([event("a", n)], String(n), 10)
      assert.isFalse(inbox.isFull())
      inbox.put([event("a", 5)], "5", 10)
      assert.isTrue(inbox.isFull())
      for (let n = 0; n < 2; n++) inbox.take()
      assert.isFalse(inbox.hasRoom())
      inbox.take()
      assert.isTrue(inbox.hasRoom())
    }
  })

  it("has a position once all of a frame was taken, and asks behind all that was put in", () => {
    const inbox = open()
    inbox.put([event("a", 1), event("a", 2)], "2", 1)
    inbox.put([event("a", 1)], "3", 1)
    assert.deepStrictEqual(inbox.wish(), { after: "3" })
    assert.isUndefined(inbox.position())
    inbox.take()
    assert.isUndefined(inbox.position())
    inbox.take()
    assert.strictEqual(inbox.position(), "2")
    assert.isUndefined(inbox.take())
    assert.strictEqual(inbox.position(), "3")
  })

  it("begins where the server says only if it was to begin now", () => {
    const [now, start] = [Inbox.make({}, defaults), open()]
    for (const inbox of [now, start]) inbox.begun("7")
    assert.deepStrictEqual([now.wish(), start.wish()], [{ after: "7" }, { after: "start" }])
    now.begun("9")
    assert.deepStrictEqual(now.wish(), { after: "7" })
  })
})
