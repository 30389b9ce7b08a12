/**
 * What a process does behind its requests: it routes stored events, runs the consumers of the application, and does dead
 * letters again. It composes, for servers.
 * @module
 */
import { Effect, Layer } from "effect"
import type { App } from "../core/App.ts"
import { CommandBus } from "../core/CommandBus.ts"
import type { CoreBus } from "../core/CoreBus.ts"
import { Limits } from "../core/Limits.ts"
import type { SecondaryBus } from "../core/SecondaryBus.ts"
import { Consumers } from "../runtime/workers/Consumers.ts"
import * as DeadLetterQueue from "../runtime/workers/DeadLetterQueue.ts"
import * as EmbeddedFeed from "../runtime/workers/EmbeddedFeed.ts"
import * as Redrive from "../runtime/workers/Redrive.ts"
import { Router } from "../runtime/workers/Router.ts"
import type { Settings } from "./settings.ts"

const redos = Effect.gen(function* () {
  const [consumers, router] = [yield* Consumers, yield* Router]
  return new Map([...consumers.redos, ["router", router.redo] as const])
})

/** Nothing where nobody listens. Closed first: the actors that handlers command are still there. */
const embedded = (app: App) =>
  Object.keys(app.consumers).length === 0 ? Layer.empty : Layer.merge(Redrive.layer(redos), DeadLetterQueue.layer(app))
    .pipe(
      Layer.provideMerge(Layer.merge(Consumers.layer(app), Router.layer(app))),
      Layer.provide(Layer.merge(CommandBus.layerActors, EmbeddedFeed.layer)),
      // Of the time there is to drain the actors need some, too.
      Layer.provide(Layer.effect(Limits, Effect.map(Limits, (limits) => ({ ...limits, drainMs: limits.drainMs / 2 })))),
    )

type Embedded = ReturnType<typeof embedded>

/** In one file everything there is; other stores have no bus beside them yet, and nothing is routed from them here. */
export const layerOf = (app: App, { store }: Settings) =>
  (store.kind === "sqlite" ? embedded(app) : Layer.empty) as Layer.Layer<
    never,
    Layer.Error<Embedded>,
    Exclude<Layer.Services<Embedded>, CoreBus | SecondaryBus>
  >
