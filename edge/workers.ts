/**
 * What a process does behind its requests: it routes stored events, runs the consumers of the application, and does dead
 * letters again. It composes, for servers.
 * @module
 */
import { Layer } from "effect"
import type { App } from "../core/App.ts"
import * as Workers from "../runtime/workers/Workers.ts"
import * as commandQueues from "./commandQueues.ts"
import type { Settings } from "./settings.ts"

const consumers = (app: App, settings: Settings, commands: commandQueues.Options) =>
  Workers.layerConsumers(app).pipe(
    // Into this process's actors, whoever else has some: the store is the fence.
    Layer.provide(commandQueues.bus(settings, commands)),
    Layer.merge(Layer.provide(commandQueues.worker(commands), Workers.halved)),
  )

/** Where one process does all and nobody listens, nothing is routed: the file is read where it is. */
const isIdle = (app: App, { store }: Settings): boolean =>
  store.kind === "sqlite" && Object.keys(app.consumers).length === 0

/** The workers of the process's roles. They are closed before the actors that handlers command. */
export const layerOf = (app: App, settings: Settings, commands: commandQueues.Options = {}) => {
  const has = (role: Settings["roles"][number]) => settings.roles.includes(role) && !isIdle(app, settings)
  return Layer.merge(
    has("router") ? Workers.layerRouter(app) : Layer.empty,
    has("consumers") ? consumers(app, settings, commands) : Layer.empty,
  )
}
