/**
 * The enforcer of an application, put together: the policies of Nexus by Wasm or by an OPA server, and behind them the
 * application's own, which must agree.
 * @module
 */
import { Effect, Layer } from "effect"
import { Limits } from "../core/Limits.ts"
import { PolicyEnforcer } from "../core/PolicyEnforcer.ts"
import type { Violations } from "../core/Violations.ts"
import * as Enforcer from "./Enforcer.ts"
import * as RemoteEngine from "./RemoteEngine.ts"
import { BundleInvalid, make as makeBundle, type Source } from "./WasmBundle.ts"
import * as WasmEngine from "./WasmEngine.ts"

export interface Options {
  /** The policies of Nexus (`bundle.wasm`), or the address of an OPA server that holds them. */
  readonly nexus: Source | { readonly url: string }
  /** Bundles of the application. */
  readonly own?: ReadonlyArray<Source>
}

const engineOf = (source: Source) => WasmEngine.make(makeBundle(source))

/** Loads and warms all bundles before it is built. */
export const layer = ({ nexus, own = [] }: Options): Layer.Layer<PolicyEnforcer, BundleInvalid, Violations> =>
  Layer.effect(
    PolicyEnforcer,
    Effect.gen(function* () {
      const limits = yield* Effect.service(Limits)
      const engines = yield* Effect.try({
        try: () =>
          [
            "url" in nexus ? RemoteEngine.make(nexus.url, limits) : engineOf(nexus),
            ...own.map(engineOf),
          ] as const,
        catch: (error) => error instanceof BundleInvalid ? error : new BundleInvalid({ rule: String(error) }),
      })
      return yield* Enforcer.make(engines, "url" in nexus ? limits.remoteDecisionMs : limits.decisionMs)
    }),
  )
