import { assert, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { StoreUnavailable } from "../../core/EventStore.ts"
import type { Shape } from "../../core/Leases.ts"
import * as LeasesMemory from "../../core/LeasesMemory.ts"
import { Limits, lowered } from "../../core/Limits.ts"
import { elapsedMs } from "../Host.ts"
import * as Holding from "./Holding.ts"

const leaseMs = 9_000

it.effect("a lease is kept with what is done by then, and with no less where a call is refused", () =>
  Effect.gen(function* () {
    const state: LeasesMemory.State = new Map()
    const base = yield* LeasesMemory.make(state)
    let isRefused = false
    const leases: Shape = {
      ...base,
      keep: (...asked) => isRefused ? Effect.fail(new StoreUnavailable({ reason: "refused" })) : base.keep(...asked),
    }
    const taken = (yield* leases.take("a/b", "me", undefined))!
    let checkpoint = "1"
    const holding = yield* Holding.make(leases, taken, elapsedMs(yield* Clock.Clock), () => checkpoint)
    yield* Effect.forkChild(holding.keep)
    yield* TestClock.adjust(leaseMs / 3 - 1)
    checkpoint = "2"
    yield* TestClock.adjust(1)
    assert.strictEqual(state.get("a/b")!.checkpoint, "2")

    isRefused = true
    yield* TestClock.adjust(leaseMs / 3)
    isRefused = false
    checkpoint = "3"
    yield* TestClock.adjust(leaseMs / 12)
    assert.strictEqual(state.get("a/b")!.checkpoint, "3")
  }).pipe(Effect.provideService(Limits, lowered({ leaseMs }))))
