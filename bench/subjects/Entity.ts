/**
 * An Effect Cluster entity with an events table: one fsynced insert per command, state kept by the entity.
 *
 * The generous setting: no serialization between client and entity, no stored mailbox, no mailbox bound, one process.
 * @module
 */
import { DateTime, Effect, Layer, ManagedRuntime, Result, Schema } from "effect"
import {
  Entity as Cluster,
  MessageStorage,
  RunnerHealth,
  Runners,
  RunnerStorage,
  Sharding,
  ShardingConfig,
} from "effect/cluster"
import { Rpc } from "effect/rpc"
import { SqlClient } from "effect/sql"
import * as Aggregate from "../../core/Aggregate.ts"
import * as Wire from "../../schemas/Wire.ts"
import { AddItem, eventOf, Order, OrderAggregate, PlaceOrder, type Request, State } from "../domain.ts"
import type { Subject } from "../Subject.ts"
import * as SqlClientLayer from "./SqlClientLayer.ts"
import * as table from "./table.ts"

const OrderEntity = Cluster.make("Order", [
  Rpc.make("PlaceOrder", { payload: PlaceOrder.fields, success: Schema.Int, error: Schema.String }),
  Rpc.make("AddItem", { payload: AddItem.fields, success: Schema.Int, error: Schema.String }),
  Rpc.make("Get", { success: State }),
])

interface Stored {
  readonly type: string
  readonly payload: string
}

/** The entity's `decide` needs nothing of this; it is made once. */
const context: Aggregate.CommandContext = {
  principal: { tenant: "bench", subject: "bench", scopes: [] },
  now: DateTime.makeUnsafe(0),
  commandId: "none",
  nextId: () => "none",
}

const handlers = OrderEntity.toLayer(Effect.gen(function* () {
  const { entityId } = yield* Cluster.CurrentAddress
  const sql = yield* SqlClient.SqlClient
  const stored = yield* Effect.orDie(
    sql<Stored>`SELECT type, payload FROM events WHERE stream = ${entityId} ORDER BY version`,
  )
  let version = stored.length
  let state = Aggregate.fold(
    OrderAggregate,
    stored.map(({ type, payload }) =>
      Result.getOrThrow(Wire.decodeEvent(Order, { type, schemaVersion: 1, payload: JSON.parse(payload) }))
    ),
  )
  const handle = Effect.fnUntraced(function* ({ command, payload }: Request) {
    const decided = Aggregate.decide(OrderAggregate, state, { _tag: command, ...payload } as never, context)
    if (Result.isFailure(decided)) return yield* Effect.fail("refused")
    const text = JSON.stringify(payload)
    yield* Effect.orDie(
      sql`INSERT INTO events (stream, version, type, payload) VALUES (${entityId}, ${version + 1}, ${
        eventOf[command]
      }, ${text})`,
    )
    for (const event of decided.success) state = Aggregate.evolve(OrderAggregate, state, event)
    return ++version
  })
  return OrderEntity.of({
    PlaceOrder: ({ payload }) => handle({ command: "PlaceOrder", payload }),
    AddItem: ({ payload }) => handle({ command: "AddItem", payload }),
    Get: () => Effect.sync(() => state),
  })
}))

const cluster = Sharding.layer.pipe(
  Layer.provideMerge(Runners.layerNoop),
  Layer.provideMerge(MessageStorage.layerNoop),
  Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
  Layer.provide(ShardingConfig.layer({
    simulateRemoteSerialization: false,
    maxResidentEntities: "unbounded",
    entityMaxIdleTime: "1 hour",
    entityMailboxCapacity: "unbounded",
  })),
)

export const entity: Subject = {
  name: "entity",
  scale: { W1: 0.25, W3: 0.25, W7: 0.1 },
  seed: table.seed,
  feed: table.feed,
  rows: table.rows,
  open: async (folder) => {
    table.open(folder).close()
    const runtime = ManagedRuntime.make(
      handlers.pipe(Layer.provideMerge(cluster), Layer.provideMerge(SqlClientLayer.layer(`${folder}/events.db`))),
    )
    const client = await runtime.runPromise(OrderEntity.client)
    return {
      send: async (id, request) => {
        const version = await runtime.runPromise(
          request.command === "PlaceOrder"
            ? client(id).PlaceOrder(request.payload)
            : client(id).AddItem(request.payload),
        )
        return { id, version, eventId: undefined }
      },
      state: (id) => runtime.runPromise(client(id).Get()),
      close: () => runtime.dispose(),
    }
  },
}
