/**
 * Routers as processes of their own, and the stream that they route to.
 * @module
 */
import { Effect, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { execPath } from "node:process"
import { active, clientOf } from "../../runtime/adapters/kinesis/testStream.ts"
import type { Place } from "./routing.ts"

export interface RouterProcess {
  readonly child: ChildProcess
  isReady: boolean
}

export const start = ({ dynamodb, kinesis, prefix }: Place): RouterProcess => {
  const args = ["run", "-A", "tests/aws/router.ts", dynamodb, kinesis, prefix]
  const child = spawn(execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
  const started: RouterProcess = { child, isReady: false }
  child.stdout.once("data", () => started.isReady = true)
  return started
}

/** Returns once it is gone. */
export const kill = ({ child }: RouterProcess) =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    child.kill("SIGKILL")
  })

/** Two of them, gone with the scope. */
export const two = (place: Place): Effect.Effect<Array<RouterProcess>, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => [start(place), start(place)]),
    (routers) => Effect.forEach(routers, kill, { discard: true }),
  )

export const createStream = ({ kinesis, prefix }: Place, ShardCount: number) =>
  Effect.promise(async () => {
    const client = clientOf(kinesis)
    await client.createStream({ StreamName: `${prefix}core`, ShardCount })
    await active(client, `${prefix}core`)
    client.destroy()
  })
