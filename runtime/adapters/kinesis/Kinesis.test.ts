import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Limits, lowered } from "../../../core/Limits.ts"
import * as Kinesis from "./Kinesis.ts"
import { local } from "./testStream.ts"

describe("the core bus over Kinesis", () => {
  it.live("waits for as long as whoever reads seldom asks for: the reads of a shard are shared by all", () =>
    Effect.gen(function* () {
      // Nobody listens there: to wait asks nobody.
      const bus = yield* Kinesis.make({ ...local("http://127.0.0.1:9"), prefix: "none-" })
      const began = performance.now()
      yield* bus.wait(300)
      assert.isAtLeast(performance.now() - began, 290)
    }).pipe(Effect.scoped, Effect.provideService(Limits, lowered({ shardPollMs: 20 }))))
})
