import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { perStream, reopened } from "../../../core/EventStore.laws.ts"
import { engine } from "../../../tests/engine.ts"
import * as DynamoDB from "./DynamoDB.ts"
import { fresh, settingsOf } from "./testStore.ts"

const dynamodb = engine("dynamodb")
const here = fresh(() => dynamodb().url)

describe("the store on DynamoDB", () => {
  for (const { name, law } of perStream(0.2)) it.live(name, () => Effect.provide(law, here), 120_000)
  for (const [i, { name }] of reopened(here).entries()) {
    it.live(name, () => {
      const settings = settingsOf(dynamodb().url)
      return reopened(Layer.suspend(() => DynamoDB.layer(settings)))[i]!.law
    }, 60_000)
  }
})
