import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { PolicyDenied, PolicyUnavailable } from "../../core/PolicyEnforcer.ts"
import * as Rig from "../../tests/stream/Rig.ts"
import type { Asked } from "../permit.ts"

it.effect("a subscription asks the policies for its aggregate, and is refused alone", () =>
  Effect.gen(function* () {
    const { connect, pass, policies, write } = yield* Rig.open
    const asked: Array<Asked & { readonly by: string }> = []
    policies.permit = (about, { subject }) => {
      asked.push({ ...about, by: subject })
      return about.aggregate === "Box" ? Effect.fail(new PolicyDenied({ policy: "p", rule: "r" })) : Effect.void
    }
    const wire = connect()
    wire.say({ op: "subscribe", subscription: "box", aggregate: "Box", ids: { a: 0 } })
    wire.say({ op: "subscribe", subscription: "all" })
    yield* pass(50)
    yield* write("a")
    yield* pass(200)
    assert.deepStrictEqual(
      wire.frames.map(({ problem, subscription, type }) => [subscription, problem?.["_tag"] ?? type]),
      [
        ["box", "PolicyDenied"],
        ["all", "subscribed"],
        ["all", "events"],
      ],
    )
    const about = { action: "stream", type: "", path: "/v1/stream", by: "s" } as const
    assert.deepStrictEqual(asked, [{ ...about, aggregate: "Box" }, { ...about, aggregate: "" }])
  }).pipe(Effect.provide(Rig.layerOf())))

it.effect("a subscription for which the policies cannot be asked is refused, and may be tried again", () =>
  Effect.gen(function* () {
    const { connect, pass, policies } = yield* Rig.open
    policies.permit = () => Effect.fail(new PolicyUnavailable({ retryAfterSeconds: 1 }))
    const wire = connect()
    wire.say({ op: "subscribe", subscription: "s" })
    yield* pass(50)
    policies.permit = () => Effect.void
    wire.say({ op: "subscribe", subscription: "s" })
    yield* pass(50)
    assert.deepStrictEqual(wire.frames.map(({ problem, type }) => problem?.["_tag"] ?? type), [
      ...["PolicyUnavailable", "subscribed"],
    ])
    assert.isUndefined(wire.code)
  }).pipe(Effect.provide(Rig.layerOf())))
