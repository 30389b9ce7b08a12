/**
 * Leases in the same file as the events, over the same connection: one of its own would look like another writer.
 * @module
 */
import { Effect } from "effect"
import { StoreUnavailable } from "../../../core/EventStore.ts"
import { type Lease, Leases, type Shape } from "../../../core/Leases.ts"
import { Limits } from "../../../core/Limits.ts"
import type { Connection } from "./connection.ts"
import { patient } from "./patience.ts"
import { type Session, transact } from "./session.ts"

interface Row extends Omit<Lease, "checkpoint"> {
  readonly checkpoint: string | null
}
const leaseOf = ({ checkpoint, ...row }: Row): Lease => ({ ...row, checkpoint: checkpoint ?? undefined })

export const make = (connection: Connection): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), (limits) => {
    const write = <A>(f: (statements: Session["statements"]) => A) =>
      patient(false)(connection.write((session) => transact(session, () => f(session.statements))))
    const rowOf = (row: unknown): Lease | undefined => row === undefined ? undefined : leaseOf(row as Row)
    return Leases.of({
      list: (prefix) =>
        Effect.flatMap(
          connection.read(({ statements }) =>
            (statements.leases.all(prefix, limits.leases + 1) as unknown as ReadonlyArray<Row>).map(leaseOf)
          ),
          (found) =>
            found.length > limits.leases
              ? Effect.fail(new StoreUnavailable({ reason: "too-many-leases" }))
              : Effect.succeed(found.sort((a, b) => a.name < b.name ? -1 : 1)),
        ),
      take: (name, owner, seen) =>
        write((statements) =>
          rowOf(
            seen === undefined
              ? statements.insertLease.get(name, owner)
              : statements.takeLease.get(name, owner, seen.fence, seen.beat),
          )
        ),
      keep: ({ fence, name, owner }, checkpoint) =>
        write(({ keepLease }) => rowOf(keepLease.get(name, owner, fence, checkpoint ?? null))),
      release: ({ fence, name, owner }) => write(({ releaseLease }) => void releaseLease.run(name, owner, fence)),
      remove: ({ fence, name, owner }) => write(({ removeLease }) => void removeLease.run(name, owner, fence)),
    })
  })
