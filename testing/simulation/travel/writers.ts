/**
 * Those who store what travels: past all faults, for what is stored and what not is the other simulation's to tell.
 * @module
 */
import { Effect } from "effect"
import type { NewEvent } from "../../../core/EventStore.ts"
import { keyOf, type StreamKey } from "../../../core/Stream.ts"
import * as storeModel from "../storeModel.ts"
import type { Setting } from "./ports.ts"

export const append = Effect.fnUntraced(function* (
  { commits, roads, world, writer }: Setting,
  stream: StreamKey,
  commandId: string,
  events: ReadonlyArray<NewEvent>,
) {
  const expected = yield* Effect.orDie(roads.store.head(stream))
  const command = {
    ...{ commandId, given: true, fingerprint: commandId, correlationId: commandId, causationId: undefined },
    ...{ principal: "writer", traceparent: undefined, writerId: "writer" },
  }
  const one = { stream, expected, events, command, remember: true, refusal: undefined }
  yield* Effect.orDie(storeModel.recorded(world, roads.store, commits)(writer, [one]))
  world.note("writer", `${commandId} in ${keyOf(stream)}`)
})
