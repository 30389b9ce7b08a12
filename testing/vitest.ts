/**
 * Runs laws as vitest tests: `runLaws(eventStoreLaws, MyStore.layer)`.
 * @module
 */
import { it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Law } from "../core/laws/fixtures.ts"

/** One test a law, each with the layer built anew; time is vitest's test clock. */
export function runLaws(laws: ReadonlyArray<Law<never>>): void
export function runLaws<S, E>(laws: ReadonlyArray<Law<S>>, layer: Layer.Layer<S, E>): void
export function runLaws<S, E>(laws: ReadonlyArray<Law<S>>, layer?: Layer.Layer<S, E>): void {
  const provided = layer === undefined ? Layer.empty as unknown as Layer.Layer<S> : Layer.fresh(layer)
  for (const { law, name } of laws) it.effect(name, () => Effect.provide(law, provided))
}
