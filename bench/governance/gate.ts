/**
 * Governance as a server has it: the registry in the SQLite file behind its cache, and the policies in Wasm.
 * @module
 */
import { Effect, Layer } from "effect"
import type { App } from "../../core/App.ts"
import * as Declared from "../../core/Declared.ts"
import { SchemaRegistry } from "../../core/SchemaRegistry.ts"
import { sha256 } from "../../policies/bundle.ts"
import * as Enforcer from "../../policies/Enforcer.ts"
import * as WasmBundle from "../../policies/WasmBundle.ts"
import * as WasmEngine from "../../policies/WasmEngine.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import { Gate } from "../../runtime/Gate.ts"

/** Rego compiled to Wasm, as it is committed. */
export const engine = () => {
  const wasm = Deno.readFileSync(new URL("../../policies/bundle.wasm", import.meta.url))
  return WasmEngine.make(WasmBundle.make({ wasm, sha256 }))
}

export const policies = Layer.suspend(() => Enforcer.layer([engine()], ({ decisionMs }) => decisionMs))

/** Registers what the application declares, as development does at its start. */
export const registered = (app: App) =>
  Layer.effectDiscard(Effect.gen(function* () {
    const registry = yield* SchemaRegistry
    for (const { schema, subject } of Declared.make(app)) yield* Effect.orDie(registry.register(subject, schema))
  }))

/** The gate of `app` over its stores. */
export const governed = (app: App) =>
  Gate.layer(app).pipe(Layer.provide([CachedRegistry.layer, policies]), Layer.provideMerge(registered(app)))
