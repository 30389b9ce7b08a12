import { assert, describe, it } from "vitest"
import { crowd } from "./crowd.ts"

describe("one server process", () => {
  it("tells a thousand sockets of each event, once", { timeout: 120_000 }, async () => {
    const { rounds, sockets, wrong } = await crowd(1_000, 5)
    assert.deepStrictEqual([sockets, rounds.length, wrong], [1_000, 5, 0])
    const said = rounds.map(({ firstMs, lastMs }) => `${firstMs.toFixed(0)} to ${lastMs.toFixed(0)}`)
    console.info(`one event reaches 1,000 sockets after ms: ${said.join(", ")}`)
  })
})
