/**
 * The positions that subscriptions give and take: a cursor of the tail, bound to store and tenant.
 *
 * A feed with one order holds all tenants, so a cursor says how much all of them have written together, and of whom nothing. One
 * that was changed by hand leads elsewhere in the feed, of which the tenant sees its own events and no others.
 * @module
 */
import { Effect, Option } from "effect"
import * as Cursor from "../../core/Cursor.ts"
import { BadCursor, type StoreUnavailable } from "../../core/EventStore.ts"
import * as Position from "../../core/Position.ts"
import type { Shape as Tail } from "../../runtime/Tail.ts"

const asked = (store: string, tenant: string) => [store, "stream", tenant]

/** `cursor` of the feed; nothing where it begins. */
export const encode = (store: string, tenant: string, cursor: string | undefined): string =>
  Cursor.encode(asked(store, tenant), [cursor ?? ""])

/** The cursor of a subscription's position, or of a command's or state's that names a place to the tail. */
export const decode = (
  store: string,
  tail: Pick<Tail, "placeOf">,
  tenant: string,
  position: string,
): Effect.Effect<string | undefined, BadCursor | StoreUnavailable> =>
  Cursor.decode<[string]>(asked(store, tenant), "s", position).pipe(
    Effect.map((at) => at?.[0] === "" ? undefined : at?.[0]),
    Effect.catch(() => {
      const at = Option.getOrUndefined(Position.decode(position))
      return at?.store === store && at.stream.tenant === tenant ? tail.placeOf(at) : Effect.fail(new BadCursor())
    }),
  )
