/**
 * The second process as a store of this one, for laws that are run across both.
 * @module
 */
import { Clock, Deferred, Effect, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { execPath } from "node:process"
import { BadCursor, type Shape, StoreOutcomeUnknown, StoreUnavailable } from "../../core/EventStore.ts"
import type { Shape as DeadLetters } from "../../core/DeadLetters.ts"
import type { Shape as Leases } from "../../core/Leases.ts"
import type { Shape as Progress } from "../../core/Progress.ts"
import { type Answer, onLine, revive, write } from "./calls.ts"
import type { Shape as Limiter } from "../../core/QueryLimiter.ts"
import type { Hammering, Race, Result } from "./race.ts"

export interface SecondProcess {
  readonly pid: number
  readonly store: Pick<
    Shape,
    "commit" | "read" | "readEach" | "readBackwards" | "head" | "receipt" | "byTime" | "feed" | "streams"
  >
  readonly limiter: Limiter
  readonly leases: Leases
  readonly progress: Progress
  readonly letters: DeadLetters
  readonly race: (race: Race) => Effect.Effect<Result>
  readonly hammer: (hammering: Hammering) => Effect.Effect<ReadonlyArray<number>>
}

/** `where` is a folder, or an address of DynamoDB and a prefix. */
export const start = (
  ...where: ReadonlyArray<string>
): Effect.Effect<SecondProcess, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const args = ["run", "-A", "tests/store/process.ts", ...where]
        return spawn(execPath, args, { stdio: ["pipe", "pipe", "inherit"] })
      }),
      ended,
    )
    const waiting: Array<(answer: Answer) => void> = []
    child.on("exit", (code, signal) =>
      waiting.splice(0).forEach((answer) =>
        answer({ died: `the second process has ended: ${code} ${signal}` })
      ))
    onLine(child.stdout!, (line) => waiting.shift()?.(revive(line) as Answer))

    const call = (name: string) => (...args: ReadonlyArray<unknown>): Effect.Effect<never, never> =>
      Effect.gen(function* () {
        const nowMs = yield* Clock.currentTimeMillis
        if (child.exitCode !== null) return yield* Effect.die(new Error("the second process has ended"))
        const answer = yield* Deferred.make<Answer>()
        waiting.push((given) => Deferred.doneUnsafe(answer, Effect.succeed(given)))
        child.stdin!.write(`${write({ name, args, nowMs })}\n`)
        const given = yield* Deferred.await(answer)
        if ("ok" in given) return (given.ok ?? undefined) as never
        if ("died" in given) return yield* Effect.die(new Error(given.died))
        return yield* errorOf(given.failed) as unknown as Effect.Effect<never>
      })

    return {
      pid: child.pid!,
      store: {
        commit: call("commit"),
        read: call("read"),
        readEach: call("readEach"),
        readBackwards: call("readBackwards"),
        head: call("head"),
        receipt: call("receipt"),
        byTime: call("byTime"),
        feed: call("feed"),
        streams: call("streams"),
      },
      limiter: { admit: call("admit") },
      leases: {
        list: call("leases.list"),
        take: call("leases.take"),
        keep: call("leases.keep"),
        release: call("leases.release"),
        remove: call("leases.remove"),
      },
      progress: { read: call("progress.read"), advance: call("progress.advance") },
      letters: {
        put: call("letters.put"),
        get: call("letters.get"),
        list: call("letters.list"),
        parked: call("letters.parked"),
        ask: call("letters.ask"),
        asked: call("letters.asked"),
        resolve: call("letters.resolve"),
      },
      race: call("race"),
      hammer: call("hammer"),
    }
  })

/** The child ends when its input does; one that does not is killed. */
const ended = (child: ChildProcess): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    const timer = setTimeout(() => child.kill("SIGKILL"), 3_000)
    child.on("exit", () => (clearTimeout(timer), resume(Effect.void)))
    child.stdin!.end()
  })

const errorOf = ({ _tag, reason }: { readonly _tag: string; readonly reason: string | undefined }) =>
  _tag === "BadCursor"
    ? new BadCursor()
    : _tag === "StoreUnavailable"
    ? new StoreUnavailable({ reason: reason ?? "" })
    : new StoreOutcomeUnknown({ reason: reason ?? "" })
