import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { TestClock } from "effect/testing"
import { defaults, type Limits } from "../core/Limits.ts"
import * as Rarely from "./Rarely.ts"

const logged = (limits: Partial<Limits> = {}) => {
  const lines: Array<string> = []
  const logger = Logger.map(Logger.formatStructured, ({ annotations, message }) => {
    const more = Object.entries(annotations).filter(([name]) => name !== "frames").map(([name, value]) =>
      `${name}=${value}`
    )
    lines.push([message, ...more].join(" "))
  })
  const { defect, say } = Rarely.make({ ...defaults, ...limits })
  const within = Effect.provide(Logger.layer([logger]))
  return {
    lines: () => lines.splice(0),
    say: (place: string) => within(say(place, Effect.logError(place))),
    defect: (error: unknown, about: Readonly<Record<string, unknown>>) => within(defect("broke", error, about)),
  }
}

describe("Rarely", () => {
  it.effect("says one line of a place a minute, and in the next how many were left out", () =>
    Effect.gen(function* () {
      const log = logged()
      for (let i = 0; i < 1_000; i++) yield* log.say("a")
      yield* log.say("b")
      assert.deepStrictEqual(log.lines(), ["a", "b"])
      yield* TestClock.adjust("59999 millis")
      yield* log.say("a")
      assert.deepStrictEqual(log.lines(), [])
      yield* TestClock.adjust("1 millis")
      yield* log.say("a")
      yield* log.say("b")
      assert.deepStrictEqual(log.lines(), ["a leftOut=1000", "b"])
      yield* TestClock.adjust("1 minute")
      yield* log.say("a")
      assert.deepStrictEqual(log.lines(), ["a"])
    }))

  it.effect("knows a defect by its kind, its place in the code and what it is about", () =>
    Effect.gen(function* () {
      const log = logged()
      const made = () => new TypeError(`secret ${Math.imul(3, 7)}`)
      for (const aggregate of ["A", "B", "A"]) for (let i = 0; i < 3; i++) yield* log.defect(made(), { aggregate })
      yield* log.defect(new TypeError("elsewhere"), { aggregate: "A" })
      yield* log.defect("thrown", { aggregate: "A" })
      assert.deepStrictEqual(log.lines(), [
        "broke aggregate=A defect=TypeError",
        "broke aggregate=B defect=TypeError",
        "broke aggregate=A defect=TypeError",
        "broke aggregate=A defect=thrown string",
      ])
    }))

  it.effect("has one line for all places behind the first ones", () =>
    Effect.gen(function* () {
      const log = logged({ logPlaces: 2 })
      for (const place of ["a", "b", "c", "d", "e", "a"]) yield* log.say(place)
      assert.deepStrictEqual(log.lines(), ["a", "b", "c"])
    }))
})
