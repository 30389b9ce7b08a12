/**
 * The HTTP contract over the memory store, in this process.
 * @module
 */
import { contract } from "./contract.ts"
import { inProcess } from "./Target.ts"

contract("the app factory over the memory store", inProcess())
