/**
 * A registry that can be broken, with a cache around it, for tests.
 * @module
 */
import { Context, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { canonical, digest } from "../core/Fingerprint.ts"
import { object } from "../core/laws/schemas.ts"
import * as Limits from "../core/Limits.ts"
import { type JsonSchema, RegistryUnavailable, SchemaRegistry } from "../core/SchemaRegistry.ts"
import * as SchemaRegistryMemory from "../core/SchemaRegistryMemory.ts"
import { CachedRegistry } from "./CachedRegistry.ts"

export const subject = "Order.Placed.v1"
export const schema = (...names: ReadonlyArray<string>): JsonSchema =>
  object(Object.fromEntries(names.map((name) => [name, { type: "string" }])))
export const [one, two, three] = [schema("a"), schema("a", "b?"), schema("a", "b?", "c?")] as const
export const hashOf = (of: JsonSchema) => digest(canonical(of))

/** A registry whose reads can be counted and broken, a cache around it, and what was logged. */
export const setUp = Effect.fnUntraced(function* (limits: Partial<Limits.Limits> = {}) {
  const inner = yield* SchemaRegistryMemory.make()
  const good = inner.revisions
  const hands = { revisions: good, calls: 0, logged: [] as Array<string> }
  const down = () => Effect.fail(new RegistryUnavailable({ retryAfterSeconds: 1, reason: "down" }))
  const broken = SchemaRegistry.of({
    ...inner,
    revisions: (of) => Effect.suspend(() => (hands.calls++, hands.revisions(of))),
  })
  const log = Logger.make(({ message }) => void hands.logged.push(String(message)))
  const context = yield* Layer.build(Layer.provide(
    Layer.fresh(CachedRegistry.layer),
    Layer.mergeAll(
      Layer.succeed(SchemaRegistry, broken),
      Layer.succeed(Limits.Limits, Limits.lowered(limits)),
      Logger.layer([log]),
    ),
  ))
  const cached = Context.get(context, CachedRegistry)
  const said = (of: JsonSchema, name = subject): string => {
    const verdict = cached.look(name, [hashOf(of)])
    if (verdict === undefined || verdict === true) return String(verdict)
    return verdict._tag === "RegistryUnavailable" ? verdict.reason : verdict._tag
  }
  const learn = (of: JsonSchema, name = subject) => cached.learn(name, [hashOf(of)])
  /** Reads that run beside what is tested. */
  const settle = Effect.andThen(Effect.yieldNow, TestClock.adjust(0))
  return { ...{ cached, down, good, hands, inner, learn, said, settle } }
})
export const pass = (ms: number) => TestClock.adjust(ms)
export type Rig = Effect.Success<ReturnType<typeof setUp>>
