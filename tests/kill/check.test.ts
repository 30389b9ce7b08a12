/**
 * The checker of the kill test finds what it is there to find: each test breaks a good ledger in one way.
 * @module
 */
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { append, event as stored, streamOf } from "../../core/laws/fixtures.ts"
import * as locked from "../../edge/locked.ts"
import * as EventStore from "../../core/EventStore.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import app from "./app.ts"
import { balances, faults, type Stored } from "./check.ts"
import { readLog, ungoverned } from "./data.ts"
import * as Ledger from "./Ledger.ts"

const event = (id: string, version: number, commandId: string, pence = 5): Stored => ({
  aggregate: "Account",
  id,
  version,
  eventId: `e-${commandId}-${version}`,
  type: "Deposited",
  payload: JSON.stringify({ pence }),
  commandId,
})

/** Three accepted deposits of two accounts, one refusal and one no-op. */
const good = () => {
  const ledger = Ledger.make()
  const told = (commandId: string, id: string, status: number, versions: ReadonlyArray<number>) => {
    const events = versions.map((version) => ({ eventId: `e-${commandId}-${version}`, type: "Deposited", version }))
    const text = JSON.stringify({ version: versions.at(-1) ?? 0, events })
    Ledger.close(ledger, Ledger.open(ledger, { commandId, id, command: "Deposit", payload: {} }), { status, text })
  }
  told("c1", "a", 200, [1])
  told("c2", "a", 200, [2, 3])
  told("c3", "b", 200, [1])
  told("c4", "b", 409, [])
  told("c5", "b", 200, [])
  const events = [event("a", 1, "c1"), event("b", 1, "c3"), event("a", 2, "c2"), event("a", 3, "c2")]
  return { ledger, events }
}

describe("faults()", () => {
  it("finds nothing wrong with a log that holds what was acknowledged", () => {
    const { ledger, events } = good()
    assert.deepStrictEqual(faults(ledger, events), [])
  })

  it("finds an acknowledged command that was lost", () => {
    const { ledger, events } = good()
    assert.deepStrictEqual(faults(ledger, events.filter(({ commandId }) => commandId !== "c3")), [
      "c3: 1 events acknowledged, 0 stored",
    ])
  })

  it("finds half of an append", () => {
    const { ledger, events } = good()
    assert.deepStrictEqual(faults(ledger, events.slice(0, 3)), ["c2: 2 events acknowledged, 1 stored"])
  })

  it("finds a command that was stored twice", () => {
    const { ledger, events } = good()
    assert.deepStrictEqual(faults(ledger, [...events, event("b", 2, "c3")]), ["c3: 1 events acknowledged, 2 stored"])
  })

  it("finds a version that is missing or stored twice", () => {
    const { ledger, events } = good()
    assert.include(faults(ledger, events.slice(1)), "a: version 2 follows 0")
    assert.include(faults(ledger, [...events, event("a", 3, "c2")]), "a: version 3 follows 3")
  })

  it("finds events of a refused command, of nobody's command and in the wrong stream", () => {
    const { ledger, events } = good()
    assert.include(faults(ledger, [...events, event("b", 2, "c4")]), "c4: refused with 409, yet stored")
    assert.include(faults(ledger, [...events, event("b", 2, "c9")]), "c9: stored, but nobody sent it")
    assert.include(faults(ledger, [...events, event("b", 2, "c1")]), "c1: stored in a stream it was not sent to")
  })

  it("finds a command that was never answered", () => {
    const { ledger, events } = good()
    Ledger.open(ledger, { commandId: "c6", id: "a", command: "Deposit", payload: {} })
    assert.deepStrictEqual(faults(ledger, events), ["c6: never answered"])
  })
})

describe("balances()", () => {
  it("adds deposits and takes withdrawals away", () => {
    const log = [event("a", 1, "c1", 7), { ...event("a", 2, "c2", 3), type: "Withdrawn" }]
    assert.deepStrictEqual([...balances(log)], [["a", 4]])
  })
})

describe("ungoverned()", () => {
  it("finds events that are not registered, and those that do not fit", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nexus-ungoverned-"))
    const inFolder = <A, E>(use: Effect.Effect<A, E, Layer.Success<ReturnType<typeof Sqlite.layer>>>) =>
      Effect.runPromise(Effect.provide(use, Layer.fresh(Sqlite.layer({ folder }))))
    const payloads = ['{"pence":5}', '{"pence":"5"}', '{"pence":5,"more":1}']
    const one = {
      ...append(streamOf("bank", "a", "Account"), 0, "c"),
      events: payloads.map((payload, n) => stored(`e-${n}`, { type: "Deposited", payload })),
    }
    await inFolder(Effect.flatMap(EventStore.EventStore, (store) => store.commit([one])))
    const log = await readLog(folder)
    assert.lengthOf(log, 3)
    assert.deepStrictEqual(
      await ungoverned(folder, log),
      [1, 2, 3].map((version) => `a version ${version}: SchemaNotRegistered`),
    )
    await inFolder(locked.prepare(app, undefined, { production: false, writes: true }))
    assert.deepStrictEqual(
      await ungoverned(folder, log),
      [2, 3].map((version) => `a version ${version}: EventInvalid`),
    )
    rmSync(folder, { recursive: true })
  })
})
