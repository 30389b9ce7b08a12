/**
 * HTTP/1.1 by hand over a socket, for what no client library would send.
 * @module
 */
import { connect } from "node:net"

export interface Spoken {
  readonly status: number
  readonly head: string
  readonly body: string
  /** The server closed the connection. */
  readonly closed: boolean
}

const parse = (text: string, closed: boolean): Spoken => {
  const at = text.indexOf("\r\n\r\n")
  const head = at < 0 ? text : text.slice(0, at)
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0),
    head,
    body: at < 0 ? "" : text.slice(at + 4),
    closed,
  }
}

/**
 * Sends the pieces, `gapMs` apart, and answers what came back: once a whole answer is there and `lingerMs` have passed,
 * the server closed, or `msMax` are over.
 */
export const speak = (
  port: number,
  pieces: ReadonlyArray<string | Uint8Array>,
  options: { readonly gapMs?: number; readonly msMax?: number; readonly lingerMs?: number } = {},
): Promise<Spoken> =>
  new Promise((resolve) => {
    const { gapMs = 0, lingerMs = 50, msMax = 5_000 } = options
    const socket = connect(port, "127.0.0.1")
    let text = ""
    let closed = false
    const finish = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(parse(text, closed))
    }
    const timer = setTimeout(finish, msMax)
    const isWhole = () => {
      const { body, head } = parse(text, false)
      const length = /content-length: (\d+)/i.exec(head)?.[1]
      return length !== undefined && body.length >= Number(length)
    }
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1")
      if (isWhole()) setTimeout(finish, lingerMs)
    })
    socket.on("close", () => {
      closed = true
      finish()
    })
    socket.on("error", () => {})
    socket.on("connect", async () => {
      for (const piece of pieces) {
        if (socket.destroyed) return
        socket.write(piece)
        if (gapMs > 0) await new Promise((next) => setTimeout(next, gapMs))
      }
    })
  })
