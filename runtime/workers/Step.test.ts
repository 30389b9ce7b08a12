import { assert, describe, it } from "@effect/vitest"
import type { StoredEvent } from "../../core/EventStore.ts"
import { eventAt } from "../../core/laws/buses.ts"
import { streamOf } from "../../core/laws/fixtures.ts"
import * as RecordWire from "../../core/RecordWire.ts"
import * as Step from "./Step.ts"

const stream = streamOf("t", "a")
const roomy = { events: 500, bytes: 512 * 1024 }
const routeOf = ({ type }: StoredEvent) => type === "Chatted" ? "secondary" as const : "core" as const
/** `c` core and `s` secondary, from the version behind `after`. */
const events = (route: string, after = 0) =>
  [...route].map((one, i) => eventAt(stream, after + i + 1, { type: one === "s" ? "Chatted" : "Noted" }))
const chain = ({ record }: Step.Step) =>
  record?.events.map(({ prevCore, version }) => `${prevCore}<${version}`).join(" ")

describe("a step of a stream", () => {
  it("carries core events on both sides of a secondary one, each naming the one before, and stands behind all", () => {
    const step = Step.make(stream, { version: 4, core: 2 }, events("scssc", 4), routeOf, roomy)
    assert.strictEqual(chain(step), "2<6 6<9")
    assert.deepStrictEqual(step.secondary.map(({ version }) => version), [5, 7, 8])
    assert.deepStrictEqual(step.mark, { version: 9, core: 9 })
  })
  it("has no record where all are secondary, and keeps the last core version", () => {
    const step = Step.make(stream, { version: 4, core: 2 }, events("ss", 4), routeOf, roomy)
    assert.isUndefined(step.record)
    assert.deepStrictEqual(step.mark, { version: 6, core: 2 })
  })
  it("takes as many events as a record may hold, whatever their route", () => {
    const step = Step.make(stream, { version: 0, core: 0 }, events("ccsscc"), routeOf, { ...roomy, events: 3 })
    assert.deepStrictEqual([chain(step), step.events.length, step.mark], ["0<1 1<2", 3, { version: 3, core: 2 }])
  })
  it("never makes a record larger than it may be, but for one event that is", () => {
    const all = events("cccc")
    const size = (count: number) =>
      all.slice(0, count).reduce((sum, event) => sum + RecordWire.eventBytes(event), RecordWire.headBytes(stream))
    for (const [bytes, count] of [[size(3), 3], [size(3) - 1, 2], [1, 1]] as const) {
      const step = Step.make(stream, { version: 0, core: 0 }, all, routeOf, { ...roomy, bytes })
      assert.strictEqual(step.events.length, count)
    }
  })
})
