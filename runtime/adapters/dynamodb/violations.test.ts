import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Limits, lowered } from "../../../core/Limits.ts"
import type { Violation } from "../../../core/Violations.ts"
import type { Row, Rows } from "./rows.ts"
import { make } from "./violations.ts"

const violation: Violation = {
  ...{ time: 1, policy: "p", rule: "r", action: "read", aggregate: "", type: "", subject: "read", tenant: "t" },
  ...{ principal: "alice", inputDigest: "d", bundle: "b" },
}

/** A table of one partition that takes every write. */
const table = () => {
  const kept = new Map<string, Row>()
  const rows: Partial<Rows> = {
    expiry: () => 1,
    getEach: () => Effect.sync(() => kept.has("last") ? [kept.get("last")!] : []),
    putAll: (puts) =>
      Effect.sync(() => {
        for (const { row } of puts) kept.set(row.sk, row)
        return { _tag: "Done", row: {} }
      }),
    query: ({ limit, where }) =>
      Effect.sync(() =>
        [...kept.values()].filter(({ sk }) => `${sk}` <= `${where.values!["sk"]}`).toSorted((a, b) =>
          `${a["sk"]}` < `${b["sk"]}` ? -1 : 1
        ).slice(0, limit)
      ),
    drop: ({ sk }) => Effect.sync(() => (kept.delete(sk), { _tag: "Done", row: {} })),
  }
  return { kept, rows: rows as Rows }
}

it.effect("what is not shown any more is deleted as fast as it comes, one by one, too", () =>
  Effect.gen(function* () {
    const { kept, rows } = table()
    const { keep } = yield* make(rows)
    for (let i = 0; i < 2_000; i++) yield* keep([violation])
    assert.isAtMost(kept.size, 1 + 400 + 40 + 25)
    assert.isAtLeast(kept.size, 1 + 400)
  }).pipe(Effect.provideService(Limits, lowered({ violations: 400 }))))
