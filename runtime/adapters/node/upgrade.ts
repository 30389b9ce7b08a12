/**
 * WebSockets on the `upgrade` event of `node:http`: the handshake, frames and pings are those of the package `ws`.
 *
 * Without compression: it would cost memory a socket and leak lengths of secrets beside chosen text.
 * @module
 */
import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { type RawData, type WebSocket, WebSocketServer } from "ws"
import type { Accept, Peer } from "../../Socket.ts"

export interface UpgradeOptions {
  /** Of one message; more ends the socket with 1009. */
  readonly messageBytes: number
  /** A peer that has said nothing, not even a pong, between two pings is dropped. */
  readonly pingMs: number
}

export interface Upgrades {
  readonly accept: (message: IncomingMessage, socket: Duplex, head: Uint8Array, accept: Accept) => void
  /** Drops whatever is still open. */
  readonly close: () => void
}

/** After a goodbye the peer may take so long to read what it was sent and to answer. */
const goodbyeMs = 5_000
/** RFC 6455, 7.4.1: data of a type that is not understood. */
const unsupported = 1003
const messageTooBig = 1009
const openState = 1
/** With more unsent, pings go unanswered: one who sends them and reads nothing would fill the memory with pongs. */
const pongBytes = 1_048_576

export const make = ({ messageBytes, pingMs }: UpgradeOptions): Upgrades => {
  /** The open sockets; those in `silent` have said nothing since the last ping. */
  const open = new Set<WebSocket>()
  const silent = new WeakSet<WebSocket>()
  const protocols = new WeakMap<IncomingMessage, string>()
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: messageBytes,
    handleProtocols: (_offered, message) => protocols.get(message) ?? false,
  })
  const pings = setInterval(() => {
    for (const ws of open) {
      if (silent.has(ws)) ws.terminate()
      else {
        silent.add(ws)
        ws.ping()
      }
    }
  }, pingMs)
  pings.unref()

  return {
    accept: (message, socket, head, accept) => {
      if (accept.protocol !== undefined) protocols.set(message, accept.protocol)
      server.handleUpgrade(message, socket, Buffer.from(head), (ws) => {
        open.add(ws)
        bind(ws, accept, () => void silent.delete(ws), () => void open.delete(ws))
      })
    },
    close: () => {
      clearInterval(pings)
      for (const ws of open) ws.terminate()
    },
  }
}

const bind = (ws: WebSocket, accept: Accept, heard: () => void, ended: () => void): void => {
  const close = (code: number, reason: string) => {
    if (ws.readyState > openState) return
    ws.close(code, reason)
    setTimeout(() => ws.terminate(), goodbyeMs).unref()
  }
  const peer: Peer = accept.open({
    send: (text) => {
      if (ws.readyState === openState) ws.send(text)
    },
    bufferedBytes: () => ws.bufferedAmount,
    close,
  })
  ws.on("message", (data: RawData, isBinary: boolean) => {
    heard()
    if (isBinary) return close(unsupported, "text frames only")
    peer.message(data.toString())
  })
  ws.on("pong", heard)
  ws.on("ping", (data) => {
    heard()
    if (ws.bufferedAmount < pongBytes) ws.pong(data)
  })
  let tooLarge = false
  // A broken frame or a lost connection: `close` follows.
  ws.on("error", (error: Error & { code?: string }) => {
    tooLarge = error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH"
  })
  ws.on("close", (code: number) => {
    ended()
    peer.closed(tooLarge ? messageTooBig : code)
  })
}
