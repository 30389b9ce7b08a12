/**
 * The shop as one value: what a server, a simulation or a document generator is given.
 * @module
 */
import { App } from "nexus-actors/core"
import { CartAggregate } from "./Cart.ts"
import { OrderAggregate } from "./Order.ts"

export default App.make("shop", { aggregates: [OrderAggregate, CartAggregate] })
