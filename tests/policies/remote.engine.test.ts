/**
 * The policies in a real OPA server: the same laws as by Wasm, and what becomes of them when the server loses them or ends.
 * @module
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import * as opa from "../../cli/opa.ts"
import { cases } from "../../core/laws/decisions.ts"
import { defaults } from "../../core/Limits.ts"
import { laws } from "../../core/PolicyEnforcer.laws.ts"
import * as ViolationsMemory from "../../core/ViolationsMemory.ts"
import { withEngine } from "../../infra/engines/running.ts"
import * as Enforcer from "../../policies/Enforcer.ts"
import * as RemoteEngine from "../../policies/RemoteEngine.ts"
import { engine } from "../engine.ts"
import { folder } from "./bundle.ts"

/** Generous in time: a busy machine must not turn an answer into a late one. */
const limits = { ...defaults, remoteDecisionMs: 20_000, remoteDecisions: 1_000 }

const put = async (url: string, name: string, text: string): Promise<void> => {
  const response = await fetch(`${url}/v1/policies/${name}`, { method: "PUT", body: text })
  assert.strictEqual(response.status, 200, await response.text())
}
const teach = async (url: string): Promise<void> => {
  for (const name of opa.filesOf(folder, false)) await put(url, name, readFileSync(join(folder, name), "utf8"))
}
const said = (url: string) =>
  Effect.match(RemoteEngine.make(url, limits).decide(cases[0]!.input), {
    onSuccess: (decision) => decision === true ? "allowed" : decision.rule,
    onFailure: ({ reason }) => reason,
  })

describe("an OPA server", () => {
  const running = engine("opa")

  it.live("knows no policy at first, hence no", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* said(running().url), "undefined")
      yield* Effect.promise(() => teach(running().url))
      assert.strictEqual(yield* said(running().url), "allowed")
    }))

  for (const { name, law } of laws) {
    it.live(name, () => {
      const layer = Enforcer.layer([RemoteEngine.make(running().url, limits)], () => 60_000)
      return Effect.provide(law, Layer.provideMerge(layer, Layer.merge(ViolationsMemory.layer, Logger.layer([]))))
    })
  }

  it.live("with another policy under the name says what nobody understands, hence no", () =>
    Effect.gen(function* () {
      const replace = (decision: string) =>
        Effect.promise(() =>
          put(running().url, "authorization.rego", `package nexus.authorization\n\ndecision := ${decision}\n`)
        )
      yield* replace(`"true"`)
      assert.strictEqual(yield* said(running().url), "malformed")
      yield* replace(`{"allow": "yes"}`)
      assert.strictEqual(yield* said(running().url), "malformed")
      yield* replace(`{"allow": false, "rule": "closed"}`)
      assert.strictEqual(yield* said(running().url), "closed")
    }))

  it.live("that has ended is unreachable, hence no", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(() => withEngine("opa", ({ url }) => Promise.resolve(url)))
      assert.strictEqual(yield* said(url), "unreachable")
    }))
})
