/**
 * What every event store must keep, as data: run `laws` over one store, `reopened` where its data can be opened again.
 *
 * A law fails with `LawBroken` or an error of the store. Each uses a tenant of its own, so that all may run on one
 * store, one after the other; the clock is the `Clock` of the call, which some laws set back.
 * @module
 */
import { Effect, Layer } from "effect"
import type { EventStore } from "./EventStore.ts"
import { appends } from "./laws/appends.ts"
import { durable } from "./laws/durable.ts"
import type { Law } from "./laws/fixtures.ts"
import { listings, oneOrder } from "./laws/listings.ts"
import { model } from "./laws/model.ts"
import { reads } from "./laws/reads.ts"
import { receipts } from "./laws/receipts.ts"

/**
 * The laws of one opening of a store whose feed has an order within each stream alone. A store elsewhere takes its time
 * for each call: it may do with a `share` of the random cases.
 */
export const perStream = (share: number): ReadonlyArray<Law> => [
  ...[...appends, ...receipts, ...reads],
  ...listings(Math.ceil(40 * share)),
  ...model(Math.ceil(60 * share)),
]

/** The laws of one opening of a store whose feed has one order over all. */
export const laws: ReadonlyArray<Law> = [...perStream(1), ...oneOrder]

/** The laws of data that outlives its store; each build of `open` opens the same data. */
export const reopened = <E>(open: Layer.Layer<EventStore, E>): ReadonlyArray<Law<never>> =>
  durable.map(({ name, write, check }) => ({
    name,
    law: Effect.andThen(Effect.provide(write, Layer.fresh(open)), Effect.provide(check, Layer.fresh(open))),
  }))
