/**
 * The limiter of temporal queries as one item a client, replaced if it is as it was read.
 * @module
 */
import { Clock, Effect } from "effect"
import { StoreUnavailable } from "../../../core/EventStore.ts"
import { digest } from "../../../core/Fingerprint.ts"
import { Limits } from "../../../core/Limits.ts"
import { type Client, keyOf, QueryLimiter, rememberedFrom, rule, type Shape } from "../../../core/QueryLimiter.ts"
import { isAbsent, type Key, type Row, type Rows, token as newToken } from "./rows.ts"

/** A subject may be longer than a key, and is nobody's business. */
const placeOf = (client: Client): Key => ({ pk: `queries#${digest(keyOf(client))}`, sk: "admissions" })
const admissionsOf = (row: Row | undefined): ReadonlyArray<number> =>
  row === undefined ? [] : JSON.parse(`${row["admissions"]}`)

/** Rivals of one client that may come in between: more than the limit lets through. */
const attemptsMax = 64

export const make = (rows: Rows): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), (limits) =>
    QueryLimiter.of({
      admit: Effect.fnUntraced(function* (client) {
        const nowMs = Math.floor(yield* Clock.currentTimeMillis)
        const place = placeOf(client)
        const token = yield* newToken
        let kept = yield* rows.get(place)
        for (let i = 0; i < attemptsMax; i++) {
          const ruling = rule(admissionsOf(kept), nowMs, limits)
          if (ruling._tag === "Refused") return ruling
          const written = yield* rows.put({
            row: {
              ...place,
              admissions: JSON.stringify(ruling.admissions),
              token,
              // Nobody could tell by then that it is gone.
              expiresAt: rows.expiry(-rememberedFrom(0, limits)),
            },
            condition: kept === undefined ? isAbsent : { text: "#token = :kept", values: { kept: `${kept["token"]}` } },
          })
          // Refused by what an earlier attempt of ours has left: its answer was lost.
          if (written._tag === "Done" || written.found?.["token"] === token) return { _tag: "Admitted" } as const
          kept = written.found
        }
        return yield* new StoreUnavailable({ reason: "contended" })
      }),
    }))
