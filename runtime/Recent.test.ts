import { assert, describe, it } from "@effect/vitest"
import type { StoredEvent } from "../core/EventStore.ts"
import * as Recent from "./Recent.ts"

describe("what was handed out lately", () => {
  const event = (version: number, tenant = "t") =>
    ({ tenant, aggregate: "Box", id: "a", version, payload: "xxxxx", recordedAt: version }) as StoredEvent
  const versions = (events: ReadonlyArray<StoredEvent> | undefined) => events?.map(({ version }) => version)

  it("is each event once, and is forgotten by time, count and bytes", () => {
    for (
      const max of [{ ms: 10, events: 99, units: 999 }, { ms: 99, events: 2, units: 999 }, {
        ms: 99,
        events: 99,
        units: 10,
      }]
    ) {
      const recent = Recent.make(max)
      assert.deepEqual(versions(recent.add([event(1), event(2), event(1)], 0)), [1, 2])
      assert.deepEqual(versions(recent.add([event(2), event(3), event(4)], 10)), [3, 4])
      assert.deepEqual([1, 2, 3, 4].map((version) => recent.has(event(version))), [false, false, true, true])
      assert.deepEqual(versions(recent.since("t", 2, -Infinity, 9)?.events), [3, 4])
      assert.deepEqual(versions(recent.since("t", 0, 3, 9)?.events), [3, 4])
      assert.isUndefined(recent.since("t", 1, 2, 9))
    }
  })
  it("is given in pages, of one tenant", () => {
    const recent = Recent.make({ ms: 99, events: 99, units: 999 })
    recent.add([event(1), event(2, "u"), event(3), event(4)], 0)
    const first = recent.since("t", 0, -Infinity, 2)!
    assert.deepEqual([versions(first.events), first.isEnd], [[1, 3], false])
    assert.deepEqual(recent.since("t", first.no, -Infinity, 2), { events: [event(4)], no: 4, isEnd: true })
    recent.clear()
    for (const no of [0, 4]) assert.isUndefined(recent.since("t", no, -Infinity, 2))
    assert.deepEqual(recent.since("t", 0, 1, 2)?.events, [])
    assert.deepEqual(versions(recent.add([event(1)], 0)), [1])
  })
})
