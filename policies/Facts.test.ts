import { assert, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as Facts from "./Facts.ts"

const empty = {
  app: "shop",
  services: [],
  aggregates: [],
  imports: [],
  calls: [],
  events: [],
  publishers: [],
  statements: [],
  routes: [],
}
const decode = Schema.decodeUnknownResult(Facts.Facts, { onExcessProperty: "error" })

it("facts are JSON, and hold nothing that the schema does not name", () => {
  const at = { file: "app.ts", line: 1 }
  const limit = { requests: 10, windowSeconds: 60, per: "client" } as const
  const facts = { ...empty, routes: [{ method: "GET", path: "/v1/events", temporal: true, limit, ...at }] }
  assert.deepStrictEqual(Result.getOrThrow(decode(JSON.parse(JSON.stringify(facts)))), facts)
  assert.isTrue(Result.isFailure(decode({ ...empty, payloads: [] })))
  const { imports: _, ...less } = empty
  assert.isTrue(Result.isFailure(decode(less)))
})
