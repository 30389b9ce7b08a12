/**
 * What the policies refused, in the same file as the events, over the same connection: one of its own would look like
 * another writer.
 * @module
 */
import { Effect } from "effect"
import * as Cursor from "../../../core/Cursor.ts"
import { StoreUnavailable } from "../../../core/EventStore.ts"
import { Limits } from "../../../core/Limits.ts"
import { type Shape, type Violation, Violations } from "../../../core/Violations.ts"
import type { Connection } from "./connection.ts"
import { transact } from "./session.ts"

interface Row {
  readonly violation_no: number
  readonly violation: string
}

export const make = (connection: Connection): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), (limits) =>
    Violations.of({
      keep: (violations) =>
        violations.length === 0 ? Effect.void : connection.write((session) =>
          transact(session, () => {
            const { insertViolation, pruneViolations, pruneViolationsOf } = session.statements
            for (const one of violations) insertViolation.run(one.tenant, JSON.stringify(one))
            for (const tenant of new Set(violations.map((one) => one.tenant))) {
              pruneViolationsOf.run(tenant, limits.violations)
            }
            pruneViolations.run(limits.violationsOfAll)
          })
        ).pipe(
          Effect.catchTag("StoreOutcomeUnknown", ({ reason, cause }) =>
            Effect.fail(new StoreUnavailable({ reason, cause }))),
        ),
      list: (tenant, cursor, limit) => {
        const asked = ["sqlite", "violations", tenant]
        return Effect.flatMap(Cursor.decode<[number]>(asked, "i", cursor), (before) =>
          connection.read(({ statements }) => {
            // One more than asked for tells whether there is another page.
            const rows = statements.violations.all(
              tenant,
              before?.[0] ?? Number.MAX_SAFE_INTEGER,
              limit + 1,
            ) as unknown as ReadonlyArray<Row>
            const page = Cursor.paged(rows, limit, ({ violation_no }) =>
              Cursor.encode(asked, [violation_no]))
            return {
              ...page,
              items: page.items.map(({ violation }) =>
                JSON.parse(violation) as Violation
              ),
            }
          }))
      },
    }))
