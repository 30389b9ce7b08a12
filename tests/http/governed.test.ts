/**
 * Edge, host, gate and registry together: what is stored, and what is answered, where a schema or a rule is missing.
 * @module
 */
import { Context, Effect, Layer, Logger, ManagedRuntime } from "effect"
import { afterEach, assert, describe, it } from "vitest"
import * as Declared from "../../core/Declared.ts"
import { EventStore } from "../../core/EventStore.ts"
import * as DeadLettersMemory from "../../core/DeadLettersMemory.ts"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import * as LeasesMemory from "../../core/LeasesMemory.ts"
import * as Limits from "../../core/Limits.ts"
import * as PolicyEnforcerMemory from "../../core/PolicyEnforcerMemory.ts"
import * as QueryLimiterMemory from "../../core/QueryLimiterMemory.ts"
import { RegistryUnavailable, SchemaRegistry } from "../../core/SchemaRegistry.ts"
import * as SchemaRegistryMemory from "../../core/SchemaRegistryMemory.ts"
import * as SnapshotStoreMemory from "../../core/SnapshotStoreMemory.ts"
import * as ViolationsMemory from "../../core/ViolationsMemory.ts"
import { Violations } from "../../core/Violations.ts"
import { makeApp } from "../../edge/app.ts"
import { ActorHost } from "../../runtime/ActorHost.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import { Gate } from "../../runtime/Gate.ts"
import { Tail } from "../../runtime/Tail.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import { TimeTravel } from "../../runtime/TimeTravel.ts"
import boxes from "./app.ts"

const opened: Array<() => Promise<void>> = []
afterEach(() => Promise.all(opened.splice(0).map((close) => close())))

const open = async () => {
  const limits = Limits.lowered({ registryRetryMs: 20 })
  const hands = { isDown: false, denies: (_action: string) => false }
  const registry = Layer.effect(
    SchemaRegistry,
    Effect.map(SchemaRegistryMemory.make(), (inner) => ({
      ...inner,
      revisions: (subject: string) =>
        Effect.suspend(() =>
          hands.isDown
            ? Effect.fail(new RegistryUnavailable({ retryAfterSeconds: 1, reason: "down" }))
            : inner.revisions(subject)
        ),
    })),
  )
  const policies = PolicyEnforcerMemory.layer(({ action }) =>
    hands.denies(action) ? { policy: "own", rule: `no-${action}` } : true
  )
  const runtime = ManagedRuntime.make(
    Layer.mergeAll(ActorHost.layer(boxes), TimeTravel.layer(boxes)).pipe(
      Layer.provide([Gate.layer(boxes), TickTrigger.layerImmediate]),
      Layer.provideMerge(Tail.layer),
      Layer.provideMerge(CachedRegistry.layer),
      Layer.provideMerge([EventStoreMemory.layer, QueryLimiterMemory.layer, SnapshotStoreMemory.layer, registry]),
      Layer.provideMerge(policies),
      Layer.provideMerge([ViolationsMemory.layer, DeadLettersMemory.layer, LeasesMemory.layer]),
      Layer.provideMerge(Layer.succeed(Limits.Limits, limits)),
      Layer.provideMerge(Logger.layer([])),
    ),
  )
  opened.push(() => runtime.dispose())
  const context = await runtime.context()
  const identity = { tenant: "t", subject: "s", scopes: ["commands:*", "read"], expiresAt: Infinity }
  const edge = makeApp({ app: boxes, authenticate: () => Effect.succeed(identity), context, limits })
  const put = async (id: string, key: string) => {
    const response = await edge.fetch(
      new Request(`http://nexus/v1/Box/${id}/commands/Put`, {
        method: "POST",
        headers: { "content-type": "application/json", "authorization": "Bearer x", "idempotency-key": key },
        body: '{"text":"secret"}',
      }),
    )
    const text = await response.text()
    const { type = "", ...members } = JSON.parse(text) as { type?: string; [member: string]: unknown }
    return { status: response.status, type, text, members, retryAfter: response.headers.get("retry-after") }
  }
  const run = <A, E>(effect: Effect.Effect<A, E, SchemaRegistry | EventStore | Violations>) =>
    Effect.runPromise(
      Effect.provideContext(effect, context as Context.Context<SchemaRegistry | EventStore | Violations>),
    )
  const register = () =>
    run(
      Effect.forEach(Declared.make(boxes), ({ schema, subject }) =>
        Effect.flatMap(Effect.service(SchemaRegistry), (service) =>
          service.register(subject, schema))),
    )
  const stored = async (id: string) =>
    (await run(
      Effect.flatMap(Effect.service(EventStore), (store) => store.head({ tenant: "t", aggregate: "Box", id })),
    )).version
  const denials = async () =>
    (await run(Effect.flatMap(Effect.service(Violations), (kept) => kept.list("t", undefined, 10)))).items
  const pause = () => new Promise((resolve) => setTimeout(resolve, 50))
  return { hands, put, register, stored, denials, pause }
}

describe("a governed service", () => {
  it("stores no event whose schema is not registered, says which, and takes the same command once it is", async () => {
    const { pause, put, register, stored } = await open()
    const refused = await put("a", "k")
    assert.deepStrictEqual([refused.status, refused.type, refused.retryAfter], [
      ...[503, "/problems#schema-not-registered", "1"],
    ])
    assert.strictEqual(refused.members["subject"], "Box.ItemPut.v1")
    assert.strictEqual(await stored("a"), 0)
    await register()
    await pause()
    assert.strictEqual((await put("a", "k")).status, 200)
    assert.strictEqual(await stored("a"), 1)
  })

  it("goes on with types it has seen while the registry is down, and answers repeats of the others", async () => {
    const { hands, pause, put, register, stored } = await open()
    await register()
    hands.isDown = true
    const refused = await put("a", "k")
    assert.deepStrictEqual([refused.status, refused.type], [503, "/problems#registry-unavailable"])
    hands.isDown = false
    await pause()
    const first = await put("a", "k")
    assert.strictEqual(first.status, 200)
    hands.isDown = true
    assert.strictEqual((await put("a", "l")).status, 200)
    assert.strictEqual((await put("a", "k")).text, first.text)
    assert.strictEqual(await stored("a"), 2)
  })

  it("stores no event that the policies refuse, although they allow the command, and keeps the denial", async () => {
    const { denials, hands, put, register, stored } = await open()
    await register()
    hands.denies = (action) => action === "append"
    const refused = await put("a", "k")
    assert.deepStrictEqual([refused.status, refused.type], [403, "/problems#policy-denied"])
    assert.deepInclude(refused.members, { policy: "own", rule: "no-append" })
    assert.strictEqual(await stored("a"), 0)
    const [violation, ...more] = await denials()
    assert.deepStrictEqual([violation?.action, violation?.subject, more], ["append", "Box.ItemPut", []])
    hands.denies = () => false
    assert.strictEqual((await put("a", "k")).status, 200)
  })

  it("decides nothing that the policies refuse as a command", async () => {
    const { hands, put, register, stored } = await open()
    await register()
    hands.denies = (action) => action === "command"
    assert.deepInclude((await put("a", "k")).members, { rule: "no-command" })
    assert.strictEqual(await stored("a"), 0)
  })
})
