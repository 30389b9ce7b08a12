/**
 * What a process does behind its requests: it routes stored events, runs the consumers of the application, and does dead
 * letters again. It composes, for servers.
 * @module
 */
import { Effect, Layer } from "effect"
import type { App } from "../core/App.ts"
import { Limits } from "../core/Limits.ts"
import { Consumers } from "../runtime/workers/Consumers.ts"
import * as DeadLetterQueue from "../runtime/workers/DeadLetterQueue.ts"
import * as Redrive from "../runtime/workers/Redrive.ts"
import { Router } from "../runtime/workers/Router.ts"
import * as commandQueues from "./commandQueues.ts"
import type { Settings } from "./settings.ts"

const router = (app: App) =>
  Redrive.layer(Effect.map(Effect.service(Router), ({ redo }) => new Map([["router", redo]]))).pipe(
    Layer.provide(Router.layer(app)),
  )

const consumers = (app: App, settings: Settings, commands: commandQueues.Options) =>
  Layer.merge(Redrive.layer(Effect.map(Effect.service(Consumers), ({ redos }) => redos)), DeadLetterQueue.layer(app))
    .pipe(
      Layer.provide(Consumers.layer(app)),
      // Into this process's actors, whoever else has some: the store is the fence.
      Layer.provide(commandQueues.bus(settings, commands)),
      Layer.merge(commandQueues.worker(commands)),
    )

/** Where one process does all and nobody listens, nothing is routed: the file is read where it is. */
const isIdle = (app: App, { store }: Settings): boolean =>
  store.kind === "sqlite" && Object.keys(app.consumers).length === 0

/** The workers of the process's roles. They are closed before the actors that handlers command. */
export const layerOf = (app: App, settings: Settings, commands: commandQueues.Options = {}) => {
  const has = (role: Settings["roles"][number]) => settings.roles.includes(role) && !isIdle(app, settings)
  return Layer.merge(
    has("router") ? router(app) : Layer.empty,
    has("consumers") ? consumers(app, settings, commands) : Layer.empty,
  ).pipe(
    // Of the time there is to drain the actors need some, too.
    Layer.provide(Layer.effect(Limits, Effect.map(Limits, (limits) => ({ ...limits, drainMs: limits.drainMs / 2 })))),
  )
}
