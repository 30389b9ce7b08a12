import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { append, noop, readAll, refused, same, streamOf, tags } from "../../core/laws/fixtures.ts"
import type { Shape } from "../../core/EventStore.ts"
import { freshFolder } from "../../runtime/adapters/sqlite/testFolder.ts"
import { start } from "./SecondProcess.ts"

/** From now on every fsync of the process fails, as on a dying disk, until the scope ends; false without a tracer. */
const failingDisk = (pid: number) =>
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof spawn> | undefined>((resume) => {
      if (spawnSync("strace", ["-V"]).status !== 0) return resume(Effect.succeed(undefined))
      const calls = "fsync,fdatasync"
      const options = ["-f", "-e", `trace=${calls}`, "-e", `inject=${calls}:error=EIO`, "-p", String(pid)]
      const tracer = spawn("strace", options, { stdio: ["ignore", "ignore", "pipe"] })
      tracer.on("exit", () => resume(Effect.succeed(undefined)))
      tracer.stderr.on("data", (text) => String(text).includes("attached") && resume(Effect.succeed(tracer)))
    }),
    (tracer) =>
      Effect.callback<void>((resume) => {
        if (tracer === undefined) return resume(Effect.void)
        tracer.on("exit", () => resume(Effect.void))
        tracer.kill("SIGINT")
      }),
  )

describe("a disk whose fsync fails", () => {
  it.live(
    "leaves the outcome unknown, answers nothing, and after its repair every receipt is true",
    (context) =>
      Effect.gen(function* () {
        const folder = yield* freshFolder
        const { store, pid } = yield* start(folder)
        const stream = streamOf("t", "a")
        yield* store.commit([append(stream, 0, "first")])
        const group = [append(stream, 1, "yes", 2), refused(stream, 3, "no"), noop(stream, 3, "nothing")]
        const traced = yield* Effect.scoped(Effect.gen(function* () {
          if ((yield* failingDisk(pid)) === undefined) return false
          const error = yield* Effect.flip(store.commit(group))
          assert.strictEqual(`${error._tag} ${error.reason}`, "StoreOutcomeUnknown io-error")
          for (let i = 0; i < 3; i++) {
            const unsettled = yield* Effect.flip(store.receipt(stream, "yes"))
            assert.strictEqual(`${unsettled._tag} ${unsettled.reason}`, "StoreUnavailable io-error")
          }
          return true
        }))
        if (!traced) return context.skip("needs strace and the right to trace")
        const receipt = yield* store.receipt(stream, "yes")
        const outcomes = yield* store.commit(group)
        yield* same(
          tags(outcomes),
          Array(3).fill(receipt === undefined ? "Committed" : "Duplicate"),
          "what the receipts said",
        )
        const versions = (yield* readAll(store as Shape, stream)).map(({ version }) => version)
        assert.deepEqual(versions, [1, 2, 3])
      }),
    60_000,
  )
})
