/**
 * What the policies refused, numbered per tenant: several of one tenant to an item, under the number of the first.
 *
 * There is no order over all tenants. What a tenant has beyond its bound is not shown and soon deleted; all go with time.
 * @module
 */
import { Array as Arrays, Effect } from "effect"
import { bytesOf } from "../../../core/bytes.ts"
import * as Cursor from "../../../core/Cursor.ts"
import { StoreUnavailable } from "../../../core/EventStore.ts"
import { Limits } from "../../../core/Limits.ts"
import { type Shape, type Violation, Violations } from "../../../core/Violations.ts"
import { isAbsent, type Key, type Put, type Row, type Rows } from "./rows.ts"

const keyOf = (tenant: string): string => `violations#${tenant}`
const digits = (no: number): string => String(no).padStart(16, "0")
/** It holds the number of the last one; letters sort behind digits. */
const lastOf = (tenant: string): Key => ({ pk: keyOf(tenant), sk: "last" })

/** An item holds 400 KB, a transaction of DynamoDB 4 MB and 100 items: two for each part. */
const partBytes = 250_000
const partsMax = 12
/** Rivals that may come in between, before it is refused. */
const attemptsMax = 64
/** Items that are deleted behind a write, beside as many as may have come since the last time. */
const deletedBesides = 25

interface Part {
  readonly tenant: string
  readonly items: ReadonlyArray<Violation>
}

/** In their order; as few as there is room for. */
const partsOf = (violations: ReadonlyArray<Violation>): ReadonlyArray<Part> => {
  const parts: Array<Part> = []
  for (const [tenant, of] of Object.entries(Arrays.groupBy(violations, ({ tenant }) => tenant))) {
    let [items, bytes]: [Array<Violation>, number] = [[], 0]
    for (const one of of) {
      const size = bytesOf(JSON.stringify(one)) + 1
      if (items.length > 0 && bytes + size > partBytes) {
        parts.push({ tenant, items })
        ;[items, bytes] = [[], 0]
      }
      items.push(one)
      bytes += size
    }
    parts.push({ tenant, items })
  }
  return parts
}
/** What goes into one transaction, mostly all: a tenant's number can be raised once in each. */
const groupsOf = (parts: ReadonlyArray<Part>): ReadonlyArray<ReadonlyArray<Part>> => {
  const groups: Array<Array<Part>> = []
  for (const part of parts) {
    const last = groups.at(-1)
    const fits = last !== undefined && last.length < partsMax && last.every(({ tenant }) => tenant !== part.tenant)
    if (fits) last.push(part)
    else groups.push([part])
  }
  return groups
}

const itemsOf = (row: Row): ReadonlyArray<Violation> => JSON.parse(`${row["items"]}`)

export const make = (rows: Rows): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), (limits) => {
    const lasts = (tenants: ReadonlyArray<string>) =>
      Effect.map(rows.getEach(tenants.map(lastOf)), (found) => new Map(found.map(({ no, pk }) => [pk, Number(no)])))

    /** What nobody is shown any more; now and then, so that most writes do not look. */
    const prune = Effect.fnUntraced(function* (tenant: string, before: number, last: number) {
      const step = Math.max(1, Math.floor(limits.violations / 10))
      if (Math.floor(before / step) === Math.floor(last / step)) return
      const where = {
        text: "#pk = :pk AND #sk <= :sk",
        values: { pk: keyOf(tenant), sk: digits(last - limits.violations) },
      }
      const old = yield* rows.query({ where, limit: step + deletedBesides })
      // An item goes once the last of its own may.
      const gone = old.filter((row) => Number(row["sk"]) + Number(row["count"]) - 1 <= last - limits.violations)
      yield* Effect.forEach(
        gone,
        ({ pk, sk }) => rows.drop({ pk: `${pk}`, sk: `${sk}` }, { text: "attribute_exists(#pk)" }),
        { concurrency: 4, discard: true },
      )
    })

    const keepGroup = Effect.fnUntraced(function* (group: ReadonlyArray<Part>) {
      for (let i = 0; i < attemptsMax; i++) {
        const numbers = yield* lasts(group.map(({ tenant }) => tenant))
        const before = (tenant: string) => numbers.get(keyOf(tenant)) ?? 0
        const written = yield* rows.putAll(group.flatMap(({ items, tenant }): ReadonlyArray<Put> => {
          const no = before(tenant)
          return [
            {
              row: { ...lastOf(tenant), no: no + items.length },
              condition: no === 0 ? isAbsent : { text: "#no = :no", values: { no } },
            },
            {
              row: {
                ...{ pk: keyOf(tenant), sk: digits(no + 1), count: items.length },
                items: JSON.stringify(items),
                expiresAt: rows.expiry(limits.violationMs),
              },
              condition: isAbsent,
            },
          ]
        }))
        if (written._tag === "Refused") continue
        yield* Effect.forEach(
          group,
          ({ items, tenant }) => prune(tenant, before(tenant), before(tenant) + items.length),
          { discard: true },
          // They are kept; the next write deletes what is left.
        ).pipe(Effect.ignore)
        return
      }
      return yield* new StoreUnavailable({ reason: "contended" })
    })

    return Violations.of({
      keep: (violations) => Effect.forEach(groupsOf(partsOf(violations)), keepGroup, { discard: true }),
      list: Effect.fnUntraced(function* (tenant, cursor, limit) {
        const asked = ["dynamodb", "violations", tenant]
        const after = yield* Cursor.decode<[number]>(asked, "i", cursor)
        const last = (yield* lasts([tenant])).get(keyOf(tenant)) ?? 0
        const first = Math.max(1, last - limits.violations + 1)
        const found: Array<readonly [no: number, violation: Violation]> = []
        let to = Math.min(last, (after?.[0] ?? Infinity) - 1)
        // An item at a time: each may be large, and most listings end with the first.
        while (to >= first && found.length <= limit) {
          const where = {
            text: "#pk = :pk AND #sk BETWEEN :from AND :to",
            values: { pk: keyOf(tenant), from: digits(1), to: digits(to) },
          }
          const [row] = yield* rows.query({ where, isBackwards: true, limit: 1 })
          if (row === undefined) break
          const no = Number(row["sk"])
          for (const [i, violation] of [...itemsOf(row).entries()].reverse()) {
            if (no + i <= to && no + i >= first) found.push([no + i, violation])
          }
          to = no - 1
        }
        const page = Cursor.paged(found, limit, ([no]) => Cursor.encode(asked, [no]))
        return { ...page, items: page.items.map(([, violation]) => violation) }
      }),
    })
  })
