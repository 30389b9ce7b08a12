/**
 * The WebSocket of the package `ws` fits the client as it is; checked by `tsc` alone, never run.
 * @module
 */
import { WebSocket } from "ws"
import type { SocketConstructor } from "../../edge/client/client.ts"

export const webSocket: SocketConstructor = WebSocket
