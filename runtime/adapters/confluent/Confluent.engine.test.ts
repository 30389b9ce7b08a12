/**
 * The laws of every schema registry, against Apicurio Registry in its dialect of Confluent's API.
 * @module
 */
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { defaults, Limits } from "../../../core/Limits.ts"
import { draft07Laws, laws, reopened } from "../../../core/SchemaRegistry.laws.ts"
import { engine } from "../../../tests/engine.ts"
import * as Confluent from "./Confluent.ts"

describe("the Confluent registry against Apicurio", () => {
  const apicurio = engine("apicurio")
  // Two seconds are for production: here a JVM warms up beside other work.
  const patient = Layer.succeed(Limits, { ...defaults, registryTimeoutMs: 30_000 })
  const layer = Layer.unwrap(Effect.sync(() => Confluent.layer(apicurio()))).pipe(Layer.provide(patient))

  for (const { name, law } of [...laws, ...draft07Laws]) it.live(name, () => Effect.provide(law, layer), 60_000)
  for (const { name, law } of reopened(layer)) it.live(name, () => law, 60_000)
})
