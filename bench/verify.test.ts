/**
 * A run that did not do its work is found out.
 * @module
 */
import { assert, describe, it } from "vitest"
import type { Ack, Row } from "./Subject.ts"
import { faults } from "./verify.ts"

const row = (id: string, version: number, n: number): Row => ({
  id,
  version,
  type: "ItemAdded",
  payload: "{}",
  eventId: `e-${n}`,
  commandId: `c-${n}`,
})
const rows = [row("a", 1, 1), row("a", 2, 2), row("b", 1, 3)]
const acks: ReadonlyArray<Ack> = rows.map(({ eventId, id, version }) => ({ id, version, eventId }))

describe("faults()", () => {
  it("finds nothing wrong where every acknowledgement is a stored event and nothing else is", () => {
    assert.deepStrictEqual(faults(rows, acks, 3), [])
  })

  it("finds too few rows, a gap, and a version stored twice", () => {
    assert.include(faults(rows.slice(0, 2), [], 3), "2 rows are stored, 3 were written")
    assert.include(faults(rows.slice(1), [], 2), "2 rows, but the versions of all streams add up to 3")
    assert.include(faults([...rows, row("a", 2, 4)], [], 4), "a version is stored twice")
  })

  it("finds an acknowledged event that is not stored, or another in its place", () => {
    assert.include(faults(rows.slice(0, 2), acks, 2), "1 acknowledged events are not stored")
    assert.include(faults([...rows.slice(0, 2), row("b", 1, 9)], acks, 3), "1 acknowledged events are not stored")
  })

  it("finds ids that are stored twice and versions that were said twice", () => {
    const again = rows.map((one) => ({ ...one, eventId: "e", commandId: "c" }))
    const said = again.map(({ eventId, id, version }) => ({ id, version, eventId }))
    assert.deepStrictEqual(faults(again, said, 3), ["a eventId is stored twice", "a commandId is stored twice"])
    assert.include(faults(rows, [...acks, acks[0]!], 3), "two commands were acknowledged with one version")
  })
})
