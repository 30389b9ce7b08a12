/**
 * A client of boxes over a scripted server, for the client's tests.
 * @module
 */
import { assert } from "vitest"
import type { Box } from "../http/app.ts"
import { connectOn, type ConnectOptions } from "../../edge/client/connect.ts"
import { NexusError } from "../../edge/client/NexusError.ts"
import { type Move, problem, scripted } from "./platform.ts"

export const receipt = {
  ...{ commandId: "c-1", aggregate: "Box", id: "b-1", version: 1 },
  ...{ events: [{ eventId: "e", type: "ItemPut", version: 1 }], position: "p" },
}
export const good: Move = { status: 200, body: receipt }

export const open = (moves: ReadonlyArray<Move>, options: Partial<ConnectOptions> = {}) => {
  const { asked, platform } = scripted(...moves)
  const client = connectOn<{ Box: typeof Box }>(platform, { url: "https://n.example/a/", token: "t", ...options })
  const put = (commandOptions = {}) => platform.settle(client.Box("b-1").Put({ text: "x" }, commandOptions))
  return { asked, platform, client, put }
}

/** The error that it rejects with. */
export const refusal = async (promise: Promise<unknown>): Promise<NexusError> => {
  const error = await promise.then(() => undefined, (error: unknown) => error)
  assert.instanceOf(error, NexusError)
  return error as NexusError
}

/** What may do better by itself. */
export const transient: ReadonlyArray<Move> = [
  ...["cut", "hang", "garbled"] as const,
  problem(429, "rate-limited"),
  problem(503, "mailbox-full"),
  problem(503, "outcome-unknown"),
  problem(500, "internal-error"),
  ...[500, 502, 503, 504, 524].map((status) => ({ status, body: "<html>" })),
]
