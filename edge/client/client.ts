/**
 * The typed client, for browsers, Deno and Node from 20: all that users of it import.
 * @module
 */
export type { Bounds } from "./bounds.ts"
export { commandId } from "./commandId.ts"
export type { Accepted, CommandOptions, Rejected } from "./commands.ts"
export { type Answer, type Client, connect, type ConnectOptions, type Contracts } from "./connect.ts"
export type { Live, LiveOfOptions, LiveOptions } from "./live.ts"
export { NexusError, type Refusal } from "./NexusError.ts"
export type { Socket, SocketConstructor } from "./Platform.ts"
export type * from "./reads.ts"
export type { Token } from "./tokens.ts"
export type { EventOf, Json, PayloadOf, Placed, RejectionOf, Wire } from "./wire.ts"
