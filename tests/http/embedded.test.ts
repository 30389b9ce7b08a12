/**
 * The HTTP contract over the embedded store, through a socket.
 * @module
 */
import { contract } from "./contract.ts"
import { embedded } from "./Target.ts"

contract("the server over the embedded store", embedded)
