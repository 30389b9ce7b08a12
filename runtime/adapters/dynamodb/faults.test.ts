import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { failedOf } from "../aws/Failed.ts"
import { unavailable } from "./faults.ts"

const cancelled = (...codes: ReadonlyArray<string>) =>
  failedOf(Object.assign(new Error("cancelled"), {
    ...{ name: "TransactionCanceledException", $metadata: { httpStatusCode: 400 } },
    CancellationReasons: codes.map((Code) => ({ Code })),
  }))

it.effect("a transaction that others stood in the way of is contended", () =>
  Effect.gen(function* () {
    const { reason } = yield* Effect.flip(unavailable(Effect.fail(cancelled("None", "TransactionConflict"))))
    assert.strictEqual(reason, "contended")
  }))

it.effect("a transaction with an item that DynamoDB does not understand is a bug, not something to wait for", () =>
  Effect.gen(function* () {
    const exit = yield* Effect.exit(unavailable(Effect.fail(cancelled("None", "ValidationError"))))
    assert.isTrue(exit._tag === "Failure" && exit.cause.reasons.some(({ _tag }) => _tag === "Die"))
  }))
