/**
 * A service that has nothing to do with HTTP: it composes Nexus's layers with its own, and other code depends on it alone.
 *
 * Every customer who is in the shop earns a point a minute; an outage is waited for, a refusal is an answer.
 * @module
 */
import { Context, Effect, FiberMap, Layer, Schedule } from "effect"
import {
  type ActorError,
  Actors,
  Declared,
  type EventStore,
  PolicyEnforcerMemory,
  Principal,
  SchemaRegistry,
  SchemaRegistryMemory,
  type SnapshotStore,
  ViolationsMemory,
} from "nexus-actors/core"
import { ActorHost, CachedRegistry, Gate, TickTrigger } from "nexus-actors/runtime"
import { app, PointsAggregate } from "./Points.ts"

export interface Shape {
  /** Says how many points are left where they are too few. The same `sale` takes them once. */
  readonly spend: (
    customer: string,
    points: number,
    sale: string,
  ) => Effect.Effect<"taken" | number, ActorError.ActorError>
  readonly left: (customer: string) => Effect.Effect<number, ActorError.ActorError>
  readonly enter: (customer: string) => Effect.Effect<void>
  readonly stumble: (customer: string) => Effect.Effect<void, ActorError.ActorError>
}

/** What asks to come again later: once more after a second, thrice. */
const patient = { schedule: Schedule.spaced("1 second"), times: 3, while: isOutage }
function isOutage(error: { readonly _tag: string }): boolean {
  return error._tag === "Unavailable" || error._tag === "OutcomeUnknown"
}

export class Loyalty extends Context.Service<Loyalty, Shape>()("loyalty/Loyalty") {
  static readonly layer = Layer.effect(
    Loyalty,
    Effect.gen(function* () {
      const services = yield* Effect.context<Actors.Actors | Principal.Principal>()
      const present = yield* FiberMap.make<string>()
      const earn = (customer: string) =>
        Actors.ask(PointsAggregate, customer).Earn({ points: 1 }).pipe(
          Effect.retry(patient),
          Effect.provideContext(services),
        )
      return Loyalty.of({
        spend: (customer, points, sale) =>
          Actors.ask(PointsAggregate, customer).Spend({ points }, { commandId: sale }).pipe(
            Effect.retry(patient),
            Effect.as("taken" as const),
            Effect.catchTag("TooFew", ({ left }) => Effect.succeed(left)),
            Effect.provideContext(services),
          ),
        left: (customer) =>
          Actors.state(PointsAggregate, customer).pipe(
            Effect.map(({ state }) => state.left),
            Effect.provideContext(services),
          ),
        enter: (customer) =>
          Effect.asVoid(FiberMap.run(present, customer, Effect.repeat(earn(customer), Schedule.spaced("1 minute")))),
        stumble: (customer) =>
          Actors.ask(PointsAggregate, customer).Stumble().pipe(Effect.asVoid, Effect.provideContext(services)),
      })
    }),
  )
}

/** Nothing but this service writes its events, so it keeps their schemas itself: registered at start, in memory. */
const registered = Layer.effectDiscard(Effect.gen(function* () {
  const registry = yield* SchemaRegistry.SchemaRegistry
  for (const { schema, subject } of Declared.make(app)) yield* registry.register(subject, schema)
}))

/** What stands between a decision and the store: registered schemas, and one rule. */
const governed = Gate.Gate.layer(app).pipe(
  Layer.provide([registered, CachedRegistry.CachedRegistry.layer]),
  Layer.provide(SchemaRegistryMemory.layer),
  Layer.provide(
    PolicyEnforcerMemory.layer(({ subject }) =>
      subject === "till" ? true : { policy: "loyalty", rule: "the-till-alone" }
    ),
  ),
  Layer.provide(ViolationsMemory.layer),
)

/** The whole service over any event store and snapshot store. */
export const layerOver = <E>(stores: Layer.Layer<EventStore.EventStore | SnapshotStore.SnapshotStore, E>) =>
  Loyalty.layer.pipe(
    Layer.provide(ActorHost.ActorHost.layer(app)),
    Layer.provide(Layer.orDie(governed)),
    Layer.provide(Principal.layer({ tenant: "loyalty", subject: "till", scopes: ["commands:Points", "read"] })),
    Layer.provide(TickTrigger.TickTrigger.layerImmediate),
    Layer.provide(stores),
  )
