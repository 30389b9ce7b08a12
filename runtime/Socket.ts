/**
 * What a WebSocket is to whoever talks over it, on any platform: the adapter binds a session to a real one.
 * @module
 */

/** The side of the platform. None of it throws, also after the end. */
export interface Socket {
  /** One text frame; it waits in memory until the peer has taken it. */
  readonly send: (text: string) => void
  /** Bytes that were sent and have not left this process. */
  readonly bufferedBytes: () => number
  /** Says goodbye and ends; a peer that does not answer in a few seconds is dropped. Idempotent. */
  readonly close: (code: number, reason: string) => void
}

/** The side of the session. */
export interface Peer {
  readonly message: (text: string) => void
  /** The socket has ended, whoever ended it; called once. */
  readonly closed: (code: number) => void
}

/** An upgrade that is granted. */
export interface Accept {
  /** The subprotocol to select; absent where the client offered none. */
  readonly protocol: string | undefined
  readonly open: (socket: Socket) => Peer
}
