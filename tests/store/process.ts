/**
 * A second process over a store's file or tables: reads one call a line from its input and writes one answer a line.
 *
 * Started as `process.ts <folder>` or `process.ts <url of DynamoDB> <prefix of tables>`; it ends with its input.
 * @module
 */
import { Cause, Context, Effect, Exit, Layer } from "effect"
import { argv, stdin, stdout } from "node:process"
import { DeadLetters } from "../../core/DeadLetters.ts"
import { EventStore, type Shape } from "../../core/EventStore.ts"
import { withClock } from "../../core/laws/fixtures.ts"
import { Leases } from "../../core/Leases.ts"
import { Progress } from "../../core/Progress.ts"
import { QueryLimiter, type Shape as Limiter } from "../../core/QueryLimiter.ts"
import * as DynamoDB from "../../runtime/adapters/dynamodb/DynamoDB.ts"
import { patient, settingsOf } from "../../runtime/adapters/dynamodb/testStore.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { type Answer, answered, type Call, onLine, revive } from "./calls.ts"
import { hammer, race } from "./race.ts"

type Method = (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>
type Ports = Readonly<Record<string, object>>

const call = (
  store: Shape,
  limiter: Limiter,
  ports: Ports,
  { name, args, nowMs }: Call,
): Effect.Effect<unknown, unknown> => {
  const [port = "", of] = name.split(".")
  if (of !== undefined) return (ports[port] as Record<string, Method>)[of]!(...args)
  if (name === "race") return race(store, args[0] as never)
  if (name === "hammer") return hammer(limiter, args[0] as never)
  if (name === "admit") return withClock({ ms: nowMs })(limiter.admit(args[0] as never))
  const method = store[name as "commit"] as unknown as Method
  return withClock({ ms: nowMs })(method(...args))
}

const answerOf = (exit: Exit.Exit<unknown, unknown>): Answer => {
  if (Exit.isSuccess(exit)) return { ok: exit.value ?? null }
  const error = exit.cause.reasons.find(({ _tag }) => _tag === "Fail") as { readonly error: object } | undefined
  if (error === undefined) return { died: Cause.pretty(exit.cause) }
  const { _tag, reason } = error.error as { readonly _tag: string; readonly reason?: string }
  return { failed: { _tag, reason } }
}

const [, , where = "", prefix = ""] = argv
const stores: Layer.Layer<DeadLetters | EventStore | Leases | Progress | QueryLimiter, Error> =
  where.startsWith("http:")
    ? Layer.provide(DynamoDB.layer(settingsOf(where, { prefix })), patient)
    : Sqlite.layer({ folder: where })

await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
  const context = yield* Layer.build(stores)
  const [store, limiter] = [Context.get(context, EventStore), Context.get(context, QueryLimiter)]
  const ports = {
    leases: Context.get(context, Leases),
    progress: Context.get(context, Progress),
    letters: Context.get(context, DeadLetters),
  }
  yield* Effect.callback<void>((resume) => {
    onLine(stdin, async (line) => {
      const exit = await Effect.runPromiseExit(call(store, limiter, ports, revive(line) as Call))
      stdout.write(`${answered(answerOf(exit))}\n`)
    })
    stdin.on("end", () => resume(Effect.void))
  })
})))
