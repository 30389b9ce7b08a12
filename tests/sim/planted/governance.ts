/**
 * Governance with a mistake: of the gate, of the registry's cache, of what is stored.
 * @module
 */
import { Effect, Layer } from "effect"
import type { Revision } from "../../../core/SchemaRegistry.ts"
import { SchemaNotRegistered, SchemaRegistry } from "../../../core/SchemaRegistry.ts"
import { CachedRegistry, type Shape as Cached } from "../../../runtime/CachedRegistry.ts"
import { type Ask, Gate, type Shape as GateShape } from "../../../runtime/Gate.ts"
import { enforcer, type Governance, productionGovernance, productionHost } from "../../../testing/simulation/Fleet.ts"
import { memoryStores } from "../../../testing/simulation/run.ts"
import { inHost, type Planted, withStore } from "./Planted.ts"

const inGovernance = (name: string, breaks: ReadonlyArray<number>, governance: Governance): Planted => ({
  ...{ name, breaks, governance, host: productionHost, stores: memoryStores },
})

const overGate = (wrap: (gate: GateShape) => GateShape): Governance => (app) =>
  Layer.provideMerge(Layer.effect(Gate, Effect.map(Effect.service(Gate), wrap)), productionGovernance(app))

const opensWithoutRegistry = inGovernance(
  "lets an unknown type through while the registry is down",
  [20],
  overGate((gate) => ({
    ...gate,
    learn: (asks) =>
      Effect.map(gate.learn(asks), (verdicts) => (ask) => {
        const verdict = verdicts(ask)
        return typeof verdict === "object" && verdict._tag === "RegistryUnavailable" ? true : verdict
      }),
  })),
)

/** What is asked for behind an event that is held back goes through, where it is of another type. */
const looksOnce = inGovernance(
  "looks at the first event of an append alone",
  [20],
  overGate((gate) => {
    let held: Ask | undefined
    return {
      ...gate,
      look: (ask) => {
        const follows = held?.principal === ask.principal && held.aggregate === ask.aggregate &&
          held.event !== ask.event
        const verdict = follows ? true : gate.look(ask)
        if (!follows) held = verdict === undefined ? ask : undefined
        return verdict
      },
    }
  }),
)

/** The cache that is there, between the gate and a registry with a mistake. */
const overRegistry = (wrap: (registry: SchemaRegistry["Service"]) => SchemaRegistry["Service"]): Governance => (app) =>
  Layer.provide(
    productionGovernance(app),
    Layer.effect(SchemaRegistry, Effect.map(Effect.service(SchemaRegistry), wrap)),
  )

const neverRefreshes = inGovernance(
  "never looks again for a schema that was missing",
  [15, 17],
  overRegistry((registry) => {
    const missing = new Map<string, ReturnType<typeof registry.revisions>>()
    return {
      ...registry,
      revisions: (subject) =>
        missing.get(subject) ??
          Effect.tapError(registry.revisions(subject), (error) =>
            Effect.sync(() => {
              if (error._tag === "SchemaNotRegistered") missing.set(subject, Effect.fail(error))
            })),
    }
  }),
)

/** In place of the cache: what was read last is what there is. */
const believesLast: Layer.Layer<CachedRegistry, never, SchemaRegistry> = Layer.effect(
  CachedRegistry,
  Effect.map(Effect.service(SchemaRegistry), (registry): Cached => {
    const last = new Map<string, ReadonlyArray<Revision>>()
    let looks = 0
    const read = (subject: string) =>
      Effect.tap(
        registry.revisions(subject),
        (revisions) => Effect.sync(() => last.set(subject, revisions)),
      )
    return {
      ...registry,
      revisions: read,
      look: (subject, hashes) => {
        if (++looks % 3 === 0) return undefined
        const found = last.get(subject)
        if (found === undefined) return undefined
        return found.some(({ hash }) => hashes.includes(hash)) ? true : new SchemaNotRegistered({ subject })
      },
      learn: (subject) => Effect.ignore(Effect.sandbox(read(subject))),
    }
  }),
)
const takesChanged = inGovernance(
  "takes a schema that was changed under its number",
  [20],
  (app) => Gate.layer(app).pipe(Layer.provideMerge(enforcer), Layer.provideMerge(believesLast)),
)

const storesOpen = inHost(
  "stores what no schema knows",
  [15],
  withStore((store) => ({
    ...store,
    commit: (group) =>
      store.commit(group.map((append) => ({
        ...append,
        events: append.events.map((event) => ({ ...event, payload: event.payload.replace(/\}$/, `,"extra":1}`) })),
      }))),
  })),
)

export const governance: ReadonlyArray<Planted> = [
  opensWithoutRegistry,
  looksOnce,
  neverRefreshes,
  takesChanged,
  storesOpen,
]
