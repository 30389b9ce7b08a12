/**
 * Commands between applications, over queues: each application that takes some has one, beside its tables.
 *
 * A command to an aggregate of this application goes to the actors of this process; one to an aggregate that another owns
 * goes into that one's queue. It composes, for servers.
 * @module
 */
import { Effect, Layer } from "effect"
import type { App } from "../core/App.ts"
import { CommandBus } from "../core/CommandBus.ts"
import type { Queue, QueueUnavailable } from "../core/Queue.ts"
import { Queues } from "../core/Queues.ts"
import { kept } from "../runtime/kept.ts"
import * as CommandWorker from "../runtime/workers/CommandWorker.ts"
import type { Settings } from "./settings.ts"
import * as stores from "./stores.ts"

export interface Options {
  /** Works off the queue of commands that other applications send to this one, in the role `consumers`. */
  readonly take?: boolean
  /**
   * Aggregates of other applications, each with the prefix of the tables and queues of the one that owns it:
   * `{ Payment: "billing-" }`.
   */
  readonly send?: { readonly [aggregate: string]: string }
}

/** `<prefix>queue-commands`, as SQS has it. */
const queueName = "commands"

/** Why a server cannot do this; nothing where it can. */
export const faults = (app: App, { store }: Settings, { send = {}, take = false }: Options): ReadonlyArray<string> => {
  const owners = Object.keys(send)
  return [
    ...owners.filter((aggregate) => app.aggregates[aggregate] !== undefined)
      .map((aggregate) => `commands.send names "${aggregate}", which "${app.name}" owns itself: take it out`),
    ...(take || owners.length > 0) && store.kind === "sqlite"
      ? ["commands between applications go over SQS: set NEXUS_STORE to dynamodb, or leave commands out"]
      : [],
  ]
}

/** What handlers send with. */
export const bus = (settings: Settings, { send = {} }: Options) =>
  Layer.unwrap(Effect.gen(function* () {
    const owners = new Map<string, Effect.Effect<Queue, QueueUnavailable>>()
    for (const prefix of new Set(Object.values(send))) {
      const queues = yield* stores.queuesOf(settings, prefix)
      owners.set(prefix, kept(queues.named(queueName)))
    }
    return CommandBus.layerOwners((aggregate) =>
      Object.hasOwn(send, aggregate) ? owners.get(send[aggregate]!) : undefined
    )
  }))

/** What takes the commands of others, where that is asked for. */
export const worker = ({ take = false }: Options) =>
  take ? CommandWorker.layer(Effect.flatMap(Queues, (queues) => queues.named(queueName))) : Layer.empty
