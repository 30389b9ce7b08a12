import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { pretty } from "./logLines.ts"

const linesOf = (effect: Effect.Effect<unknown>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logger.map(pretty, (line) => void lines.push(line.replace(/^\S+ /, "")))
    yield* Effect.provide(effect, Logger.layer([logger]))
    return lines
  })

describe("a line for people", () => {
  it.effect("shows what is handed over beside the words by name, as it does annotations", () =>
    Effect.gen(function* () {
      const log = Effect.annotateLogs(Effect.logInfo("a shard", "was lost", { shard: "s-1", tries: 2 }), {
        worker: "w",
      })
      assert.deepStrictEqual(yield* linesOf(log), [`INFO a shard was lost shard="s-1" tries=2 worker="w"`])
    }))

  it.effect("shows a cause below it", () =>
    Effect.gen(function* () {
      const [line = ""] = yield* linesOf(
        Effect.sandbox(Effect.die(new Error("no"))).pipe(
          Effect.catch((cause) => Effect.logError("it broke", cause)),
        ),
      )
      assert.match(line, /^ERROR it broke \n.*no/s)
    }))
})
