/**
 * The limiter of temporal queries in the same file as the events, over the same connection: one of its own would look
 * like another writer.
 * @module
 */
import { Clock, Effect } from "effect"
import { Limits } from "../../../core/Limits.ts"
import {
  type Client,
  keyOf,
  QueryLimiter,
  rememberedFrom,
  rule,
  type Ruling,
  type Shape,
  type Verdict,
} from "../../../core/QueryLimiter.ts"
import type { Connection } from "./connection.ts"
import { patient } from "./patience.ts"
import { type Session, transact } from "./session.ts"

/** Idle clients deleted for each admission: the table shrinks, no admission takes long. */
const forgottenAtOnce = 2

export const make = (connection: Connection): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), (limits) => {
    const rulingOf = ({ statements }: Session, client: Client, nowMs: number): Ruling => {
      const row = statements.queries.get(keyOf(client)) as { readonly admissions: string } | undefined
      return rule(row === undefined ? [] : JSON.parse(row.admissions) as ReadonlyArray<number>, nowMs, limits)
    }

    const admit = (session: Session, client: Client, nowMs: number): Verdict => {
      const { statements } = session
      // Who is refused by what is committed holds no lock and waits for none, however often he comes.
      const early = rulingOf(session, client, nowMs)
      if (early._tag === "Refused") return early
      return transact(session, () => {
        const ruling = rulingOf(session, client, nowMs)
        if (ruling._tag === "Refused") return ruling
        const { admissions } = ruling
        statements.saveQueries.run(keyOf(client), admissions.at(-1)!, JSON.stringify(admissions))
        statements.pruneQueries.run(rememberedFrom(nowMs, limits), forgottenAtOnce)
        return { _tag: "Admitted" }
      })
    }

    return QueryLimiter.of({
      admit: (client) =>
        Clock.clockWith((clock) =>
          connection.write((session) => admit(session, client, Math.floor(clock.currentTimeMillisUnsafe())))
        ).pipe(
          // Behind a lost commit it may count; asking again could only count it twice.
          patient(false),
        ),
    })
  })
