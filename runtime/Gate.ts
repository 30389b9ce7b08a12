/**
 * What an event must pass before it is stored: the policies let this principal append it, and its schema is registered.
 *
 * To look costs two look-ups and never waits. What is not known is learned apart, while the actor that needs it waits
 * alone (`Hold.ts`).
 * @module
 */
import { Context, Effect, Layer, Result, Semaphore } from "effect"
import { RegistryUnavailable, SchemaNotRegistered } from "../core/ActorError.ts"
import type { App } from "../core/App.ts"
import * as Declared from "../core/Declared.ts"
import { Limits } from "../core/Limits.ts"
import { type Denied, type Input, insist, PolicyEnforcer } from "../core/PolicyEnforcer.ts"
import type { Shape as Principal } from "../core/Principal.ts"
import type * as Contract from "../schemas/Contract.ts"
import type { AnyEvent } from "../schemas/Event.ts"
import * as Subject from "../schemas/Subject.ts"
import { CachedRegistry } from "./CachedRegistry.ts"

/** May this principal append this event, in its newest version, to a stream of this aggregate? */
export interface Ask {
  readonly aggregate: string
  readonly event: AnyEvent
  readonly principal: Principal
}
export type Refusal = SchemaNotRegistered | RegistryUnavailable | Denied
/** `true`: as far as the gate goes, it may be stored. */
export type Verdict = true | Refusal
/** What was learned; nothing for what was not asked. */
export type Verdicts = (ask: Ask) => Verdict | undefined

export interface Shape {
  /** What is known at once; nothing where it must be learned. Called for every event of every decision. */
  readonly look: (ask: Ask) => Verdict | undefined
  /** A verdict for each, each question bounded in time whatever fails. Good for one round of decisions: it is nowhere remembered. */
  readonly learn: (asks: ReadonlyArray<Ask>) => Effect.Effect<Verdicts>
}

export class Gate extends Context.Service<Gate, Shape>()("nexus/runtime/Gate") {
  /** Governs the events of `app`. */
  static readonly layer = (app: App): Layer.Layer<Gate, never, CachedRegistry | PolicyEnforcer> =>
    Layer.effect(Gate, make(app))

  /** Lets everything through: for tests and measurements of something else, never to serve with. */
  static readonly layerOpen: Layer.Layer<Gate> = Layer.succeed(Gate, {
    look: () => true,
    learn: () => Effect.succeed(() => true),
  })
}

/** What the registry must hold of an event: its newest schema, in one dialect or the other. */
interface Wanted {
  readonly subject: string
  readonly hashes: ReadonlyArray<string>
}

/** By type of event. It costs a few schemas each, and a process may open many hosts of one application. */
const wantedOf = (contract: Contract.Any): ReadonlyMap<string, Wanted> => {
  const known = wanted.get(contract)
  if (known !== undefined) return known
  const all = new Map(
    Declared.ofContract(contract).filter(({ newest }) => newest).map(({ draft07, hash2020, subject, type }) => [
      type,
      { subject, hashes: Result.isSuccess(draft07) ? [hash2020, draft07.success.hash] : [hash2020] },
    ]),
  )
  wanted.set(contract, all)
  return all
}
const wanted = new WeakMap<Contract.Any, ReadonlyMap<string, Wanted>>()

const make = Effect.fnUntraced(function* (
  app: App,
): Effect.fn.Return<Shape, never, CachedRegistry | PolicyEnforcer> {
  const registry = yield* CachedRegistry
  const enforcer = yield* PolicyEnforcer
  const limits = yield* Limits
  const enforce = insist(enforcer, limits.remoteDecisionMs)
  // An engine elsewhere refuses more than its bound: held actors wait their turn, and leave half of it to the edge.
  const questions = yield* Semaphore.make(Math.max(1, Math.floor(limits.remoteDecisions / 2)))
  const all = new Map(
    Object.values(app.aggregates).map(({ contract }) => [contract.aggregate, wantedOf(contract)] as const),
  )
  const retryAfterSeconds = Math.ceil(limits.registryRetryMs / 1000)

  const inputOf = ({ aggregate, event, principal: { scopes, subject, tenant } }: Ask): Input => ({
    action: "append",
    app: app.name,
    aggregate,
    type: event.tag,
    tenant,
    subject,
    scopes,
    path: "",
  })

  /** What the registry says as far as it was read. An event that is not the application's is registered nowhere. */
  const schema = ({ aggregate, event }: Ask): Verdict | undefined => {
    const wanted = all.get(aggregate)?.get(event.tag)
    if (wanted === undefined) {
      return new SchemaNotRegistered({
        subject: Subject.make(aggregate, event.tag, event.versions.length),
        retryAfterSeconds,
      })
    }
    const found = registry.look(wanted.subject, wanted.hashes)
    if (found === undefined || found === true || found._tag === "RegistryUnavailable") return found
    return new SchemaNotRegistered({ subject: wanted.subject, retryAfterSeconds })
  }

  /** The policies first: whoever may not append learns nothing of the registry, and costs it nothing. */
  const verdictOf = Effect.fnUntraced(function* (ask: Ask): Effect.fn.Return<Verdict> {
    const allowed = yield* Effect.result(questions.withPermits(1)(enforce(inputOf(ask))))
    if (Result.isFailure(allowed)) return allowed.failure
    const wanted = all.get(ask.aggregate)?.get(ask.event.tag)
    if (wanted !== undefined) yield* registry.learn(wanted.subject, wanted.hashes)
    return schema(ask) ?? new RegistryUnavailable({ retryAfterSeconds: 1, reason: "not read" })
  })

  return Gate.of({
    look: (ask) => {
      // A denial is learned even where it is known: then it is recorded.
      if (enforcer.known(inputOf(ask)) !== true) return undefined
      return schema(ask)
    },
    learn: Effect.fnUntraced(function* (asks) {
      const different = new Map(asks.map((ask) => [keyOf(ask), ask]))
      const learned = new Map(
        yield* Effect.forEach(
          different,
          ([key, ask]) => Effect.map(verdictOf(ask), (verdict) => [key, verdict] as const),
          { concurrency: "unbounded" },
        ),
      )
      return (ask) => learned.get(keyOf(ask))
    }),
  })
})

/** All that a verdict depends on. */
const keyOf = ({ aggregate, event, principal: { scopes, subject, tenant } }: Ask): string =>
  JSON.stringify([aggregate, event.tag, tenant, subject, scopes])
