/**
 * Leases as items: each write is one conditional update.
 * @module
 */
import { Effect } from "effect"
import { StoreUnavailable } from "../../../core/EventStore.ts"
import { type Lease, Leases, type Shape } from "../../../core/Leases.ts"
import { Limits } from "../../../core/Limits.ts"
import { isAbsent, type Key, type Row, type Rows, token as newToken } from "./rows.ts"

/** Whose leases stand together, so that they are listed by one query. */
const keyOf = (name: string): Key => {
  const cut = name.indexOf("/")
  return { pk: `lease#${name.slice(0, cut)}`, sk: name.slice(cut) }
}
const leaseOf = ({ beat, checkpoint, fence, pk, owner, sk }: Row): Lease => ({
  name: `${pk}${sk}`.slice("lease#".length),
  owner: `${owner}`,
  fence: Number(fence),
  beat: Number(beat),
  checkpoint: checkpoint === undefined ? undefined : `${checkpoint}`,
})
const held = ({ fence, owner }: Lease) => ({
  text: "#owner = :held AND #fence = :fence",
  values: { held: owner, fence },
})

export const make = (rows: Rows): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), (limits) =>
    Leases.of({
      list: (prefix) => {
        const { pk, sk } = keyOf(prefix)
        const where = { text: "#pk = :pk AND begins_with(#sk, :sk)", values: { pk, sk } }
        return Effect.flatMap(
          rows.query({ where, limit: limits.leases + 1 }),
          (found) =>
            found.length > limits.leases
              ? Effect.fail(new StoreUnavailable({ reason: "too-many-leases" }))
              : Effect.succeed(found.map(leaseOf).sort((a, b) => a.name < b.name ? -1 : 1)),
        )
      },
      take: Effect.fnUntraced(function* (name, owner, seen) {
        const token = yield* newToken
        const taken = { text: "SET #owner = :owner, #token = :token ADD #fence :one", values: { owner, token, one: 1 } }
        const first = {
          text: "SET #owner = :owner, #token = :token, #fence = :one, #beat = :none",
          values: { owner, token, one: 1, none: 0 },
        }
        const written = seen === undefined
          ? yield* rows.update(keyOf(name), first, isAbsent)
          : yield* rows.update(keyOf(name), taken, {
            text: "#fence = :seen AND #beat = :beat",
            values: { seen: seen.fence, beat: seen.beat },
          })
        if (written._tag === "Done") return leaseOf(written.row)
        // The answer to an earlier attempt was lost: it is ours.
        return written.found?.["token"] === token ? leaseOf(written.found) : undefined
      }),
      keep: (lease, checkpoint) => {
        const values = { one: 1, ...checkpoint === undefined ? {} : { checkpoint } }
        const text = `${checkpoint === undefined ? "" : "SET #checkpoint = :checkpoint "}ADD #beat :one`
        return Effect.map(
          rows.update(keyOf(lease.name), { text, values }, held(lease)),
          (written) => written._tag === "Done" ? leaseOf(written.row) : undefined,
        )
      },
      release: (lease) =>
        Effect.asVoid(
          rows.update(keyOf(lease.name), { text: "SET #owner = :none", values: { none: "" } }, held(lease)),
        ),
      remove: (lease) => Effect.asVoid(rows.drop(keyOf(lease.name), held(lease))),
    }))
