/**
 * Runs laws under `deno test`: `runLaws(eventStoreLaws, MyStore.layer)`.
 * @module
 */
import { Effect, Layer } from "effect"
import type { Law } from "../core/laws/fixtures.ts"

/** One test a law, each with the layer built anew; time is real. */
export function runLaws(laws: ReadonlyArray<Law<never>>): void
export function runLaws<S, E>(laws: ReadonlyArray<Law<S>>, layer: Layer.Layer<S, E>): void
export function runLaws<S, E>(laws: ReadonlyArray<Law<S>>, layer?: Layer.Layer<S, E>): void {
  const provided = layer === undefined ? Layer.empty as unknown as Layer.Layer<S> : Layer.fresh(layer)
  for (const { law, name } of laws) Deno.test(name, () => Effect.runPromise(Effect.provide(law, provided)))
}
