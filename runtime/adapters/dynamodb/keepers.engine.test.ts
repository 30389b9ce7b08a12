import { describe, it, layer } from "@effect/vitest"
import { Layer } from "effect"
import * as Letters from "../../../core/DeadLetters.laws.ts"
import type { Law } from "../../../core/laws/fixtures.ts"
import * as Leased from "../../../core/Leases.laws.ts"
import * as Marks from "../../../core/Progress.laws.ts"
import * as Queries from "../../../core/QueryLimiter.laws.ts"
import * as Registry from "../../../core/SchemaRegistry.laws.ts"
import * as Refused from "../../../core/Violations.laws.ts"
import { engine } from "../../../tests/engine.ts"
import * as DynamoDB from "./DynamoDB.ts"
import type { Keepers } from "./keepers.ts"
import { fresh, settingsOf } from "./testStore.ts"

const dynamodb = engine("dynamodb")

/** The laws of each port that any keeper keeps. */
const laws: Readonly<Record<string, ReadonlyArray<Law<Keepers>>>> = {
  leases: Leased.laws,
  progress: Marks.laws,
  "dead letters": Letters.laws,
  "the limiter of queries": Queries.lawsOf(0.2),
  "the schema registry": [...Registry.laws, ...Registry.embeddedLaws],
  violations: Refused.laws,
}
for (const [what, some] of Object.entries(laws)) {
  // Calls have their deadlines by the real clock.
  layer(fresh(() => dynamodb().url), { excludeTestServices: true })(`${what} on DynamoDB`, (it) => {
    for (const { name, law } of some) it.effect(name, () => law, 120_000)
  })
}

/** Each of these is given tables of its own, opened anew for each half. */
const halves = (open: Layer.Layer<Keepers, DynamoDB.CannotOpen>): ReadonlyArray<Law<never>> => [
  ...Leased.reopened(open),
  ...Leased.bounded(open),
  ...Marks.reopened(open),
  ...Letters.reopened(open),
  ...Queries.reopened(open),
  ...Registry.reopened(open),
  ...Refused.reopened(open),
]
describe("what is kept on DynamoDB outlives its process", () => {
  for (const [i, { name }] of halves(Layer.empty as never).entries()) {
    it.live(name, () => {
      const settings = settingsOf(dynamodb().url)
      return halves(Layer.suspend(() => DynamoDB.layer(settings)))[i]!.law
    }, 60_000)
  }
})
