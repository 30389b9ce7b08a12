/**
 * What a process does behind its requests, as two layers: it routes stored events, and it runs the consumers of the
 * application. Each does the dead letters of its part again.
 *
 * Closed, they take half of `Limits.drainMs`: the actors that handlers command need some, too.
 * @module
 */
import { Effect, Layer } from "effect"
import type { App } from "../../core/App.ts"
import { Limits } from "../../core/Limits.ts"
import { Consumers } from "./Consumers.ts"
import * as DeadLetterQueue from "./DeadLetterQueue.ts"
import * as Redrive from "./Redrive.ts"
import { Router } from "./Router.ts"

/** For whatever else works beside the actors. */
export const halved: Layer.Layer<never> = Layer.effect(
  Limits,
  Effect.map(Limits, (limits) => ({ ...limits, drainMs: limits.drainMs / 2 })),
)

/** Brings what is stored onto the buses. */
export const layerRouter = (app: App) =>
  Redrive.layer(Effect.map(Effect.service(Router), ({ redo }) => new Map([["router", redo]]))).pipe(
    Layer.provide(Router.layer(app)),
    Layer.provide(halved),
  )

/** Brings what is on the buses to the consumers, and keeps what their queues gave up. */
export const layerConsumers = (app: App) =>
  Layer.merge(Redrive.layer(Effect.map(Effect.service(Consumers), ({ redos }) => redos)), DeadLetterQueue.layer(app))
    .pipe(
      Layer.provide(Consumers.layer(app)),
      Layer.provide(halved),
    )

/** Both, for a process that does all. */
export const layer = (app: App) => Layer.merge(layerRouter(app), layerConsumers(app))
