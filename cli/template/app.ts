/**
 * The application as one value: what the server, the simulation and the command line are given.
 * @module
 */
import { App } from "nexus-actors/core"
import { GiftCardAggregate } from "./GiftCard.ts"

export default App.make("shop", { aggregates: [GiftCardAggregate] })
