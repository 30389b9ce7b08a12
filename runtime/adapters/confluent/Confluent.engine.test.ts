/**
 * The laws of every schema registry, against Apicurio Registry in its dialect of Confluent's API.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { draft07, object } from "../../../core/laws/schemas.ts"
import { defaults, Limits } from "../../../core/Limits.ts"
import { laws, reopened } from "../../../core/SchemaRegistry.laws.ts"
import { SchemaRegistry } from "../../../core/SchemaRegistry.ts"
import { engine } from "../../../tests/engine.ts"
import * as Confluent from "./Confluent.ts"

describe("the Confluent registry against Apicurio", () => {
  const apicurio = engine("apicurio")
  // Two seconds are for production: here a JVM warms up beside other work.
  const patient = Layer.succeed(Limits, { ...defaults, registryTimeoutMs: 30_000 })
  const layer = Layer.unwrap(Effect.sync(() => Confluent.layer(apicurio()))).pipe(Layer.provide(patient))

  for (const { name, law } of laws) it.live(name, () => Effect.provide(law, layer), 60_000)
  for (const { name, law } of reopened(layer)) it.live(name, () => law, 60_000)

  it.live("register() keeps a schema of 2020-12 in draft-07, and finds it by either", () =>
    Effect.gen(function* () {
      const registry = yield* SchemaRegistry
      const newer = "https://json-schema.org/draft/2020-12/schema"
      const tuple = { type: "array", prefixItems: [{ type: "string" }, { type: "integer" }], items: false } as const
      const { revision, schema } = yield* registry.register("Dialect.Happened.v1", object({ a: tuple }, newer))
      assert.deepStrictEqual([revision, schema["$schema"]], [1, draft07])
      assert.strictEqual((yield* registry.register("Dialect.Happened.v1", schema)).revision, 1)
      assert.strictEqual((yield* registry.register("Dialect.Happened.v1", object({ a: tuple }, newer))).revision, 1)
    }).pipe(Effect.provide(layer)))
})
