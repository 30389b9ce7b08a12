import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { Snapshot } from "../../core/SnapshotStore.ts"
import * as Kind from "../../runtime/Kind.ts"
import * as SnapshotCodec from "../../runtime/SnapshotCodec.ts"
import { AccountAggregate } from "./domain.ts"
import { allKinds, type Kind as FaultKind, make } from "./Faults.ts"
import { signed } from "./snapshotModel.ts"
import * as World from "./World.ts"

const of = (seed: number, without: ReadonlySet<FaultKind> = new Set()) => make(World.make(seed), without)

describe("faults", () => {
  it("are each enabled in about a quarter of the runs", () => {
    const runs = Array.from({ length: 800 }, (_, seed) => of(seed))
    for (const kind of allKinds) {
      const enabled = runs.filter((faults) => faults.isEnabled(kind)).length
      assert.isTrue(enabled > 150 && enabled < 250, `${kind}: ${enabled} of 800`)
    }
  })
  it("strike at about every fourth chance, are counted, and end", () => {
    const faults = Array.from({ length: 50 }, (_, seed) => of(seed)).find((one) => one.isEnabled("refuse"))!
    const struck = Array.from({ length: 1_000 }, () => faults.strikes("refuse", "x")).filter((hit) => hit).length
    assert.isTrue(struck > 190 && struck < 310, `${struck} of 1000`)
    assert.strictEqual(faults.fired.get("refuse"), struck)
    faults.end()
    assert.isFalse(Array.from({ length: 100 }, () => faults.strikes("refuse", "x")).some((hit) => hit))
  })
  it("leave the others as they were when one is taken out", () => {
    const strikes = (...without: ReadonlyArray<FaultKind>) => {
      const faults = of(11, new Set(without))
      return allKinds.filter((kind) => kind !== "crash").map((kind) =>
        Array.from({ length: 20 }, () => faults.strikes(kind, "x"))
      )
    }
    assert.deepEqual(strikes("crash"), strikes())
  })
})

describe("a planted snapshot", () => {
  it("has the checksum that the real code would give it", () => {
    const kind = Kind.make(AccountAggregate)
    const stream = { tenant: "t", aggregate: "Account", id: "a" }
    const own = Result.getOrThrow(
      SnapshotCodec.encode(kind, { stream, version: 3, eventId: "e", recordedAt: 1 }, AccountAggregate.initial),
    )
    const changed: Snapshot = { ...own, version: 9 }
    assert.isTrue(Result.isFailure(SnapshotCodec.decode(kind, stream, changed)))
    assert.isTrue(Result.isSuccess(SnapshotCodec.decode(kind, stream, signed(changed))))
  })
})
