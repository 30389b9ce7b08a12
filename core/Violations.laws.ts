/**
 * What every keeper of violations must keep, as data; each law uses tenants of its own.
 * @module
 */
import { Effect, Layer } from "effect"
import { freshTenant, holds, type Law, same } from "./laws/fixtures.ts"
import { defaults } from "./Limits.ts"
import { type Shape, type Violation, Violations } from "./Violations.ts"

const law = (
  name: string,
  body: (keeper: Shape, tenant: string) => Generator<Effect.Effect<unknown, unknown>, void, never>,
): Law<Violations> => ({
  name,
  law: Effect.gen(function* () {
    const keeper = yield* Violations
    const tenant = yield* freshTenant
    yield* Effect.gen(() => body(keeper, tenant))
  }),
})

const violation = (tenant: string, n: number, more: Partial<Violation> = {}): Violation => ({
  time: 1_767_225_600_000 + n,
  policy: "nexus.authorization",
  rule: `rule-${n}`,
  action: "command",
  aggregate: "Order",
  type: "PlaceOrder",
  subject: "Order.PlaceOrder",
  tenant,
  principal: "alice",
  inputDigest: "0f".repeat(32),
  bundle: "f0".repeat(32),
  ...more,
})
const many = (tenant: string, from: number, count: number) =>
  Array.from({ length: count }, (_, i) => violation(tenant, from + i))

/** All pages of a listing, each of at most `limit`. */
const pages = Effect.fnUntraced(function* (keeper: Shape, tenant: string, limit: number) {
  const all: Array<ReadonlyArray<Violation>> = []
  let cursor: string | undefined
  do {
    const page = yield* keeper.list(tenant, cursor, limit)
    all.push(page.items)
    cursor = page.cursor
  } while (cursor !== undefined)
  return all
})
const rules = (items: ReadonlyArray<Violation>) => items.map(({ rule }) => rule)

export const laws: ReadonlyArray<Law<Violations>> = [
  law("list() gives back every field, newest first", function* (keeper, tenant) {
    const odd = `äöü 漢字 😀 '; DROP TABLE violations; -- \u0000`
    const text = { principal: odd, rule: odd, type: odd, subject: odd, policy: odd }
    const kept = [violation(tenant, 1), violation(tenant, 2, text), violation(tenant, 3, { aggregate: "", type: "" })]
    yield* keeper.keep(kept.slice(0, 2))
    yield* keeper.keep(kept.slice(2))
    yield* same((yield* keeper.list(tenant, undefined, 10)).items, kept.toReversed(), "the list")
  }),

  law("keep() of none changes nothing, and a tenant without any has an empty page", function* (keeper, tenant) {
    yield* keeper.keep([])
    yield* same(yield* keeper.list(tenant, undefined, 10), { items: [] }, "the page")
  }),

  law("list() is ordered by what was kept last, not by the clock", function* (keeper, tenant) {
    yield* keeper.keep([9, 3, 5].map((n) => violation(tenant, n)))
    yield* same(rules((yield* keeper.list(tenant, undefined, 10)).items), ["rule-5", "rule-3", "rule-9"], "the order")
  }),

  law("list() goes through all in pages, without gap or repeat", function* (keeper, tenant) {
    yield* keeper.keep(many(tenant, 0, 23))
    const want = Array.from({ length: 23 }, (_, i) => `rule-${22 - i}`)
    for (const limit of [1, 7, 22, 23, 24]) {
      const all = yield* pages(keeper, tenant, limit)
      yield* same(rules(all.flat()), want, `in pages of ${limit}`)
      yield* holds(all.every(({ length }) => length <= limit && length > 0), `a page of ${limit} has another size`)
    }
  }),

  law("a cursor continues behind its item, whatever is kept meanwhile", function* (keeper, tenant) {
    yield* keeper.keep(many(tenant, 0, 4))
    const first = yield* keeper.list(tenant, undefined, 2)
    yield* keeper.keep(many(tenant, 4, 4))
    const second = yield* keeper.list(tenant, first.cursor, 2)
    yield* same(rules([...first.items, ...second.items]), ["rule-3", "rule-2", "rule-1", "rule-0"], "two pages")
  }),

  law("list() shows one tenant's alone, and takes no cursor of another", function* (keeper, tenant) {
    const other = `${tenant}.x`
    for (let n = 0; n < 6; n++) yield* keeper.keep([violation(n % 2 === 0 ? tenant : other, n)])
    for (const [i, one] of [tenant, other].entries()) {
      const { items } = yield* keeper.list(one, undefined, 10)
      yield* same(rules(items), [4, 2, 0].map((n) => `rule-${n + i}`), "one tenant's")
      yield* holds(items.every((item) => item.tenant === one), "one of another tenant")
    }
    const { cursor } = yield* keeper.list(tenant, undefined, 1)
    for (const [whose, wrong] of [[other, cursor], [tenant, "nonsense"], [tenant, ""]] as const) {
      const error = yield* Effect.flip(keeper.list(whose, wrong, 1))
      yield* same(error._tag, "BadCursor", `the cursor ${wrong}`)
    }
  }),

  law("keep() lets the oldest of a tenant go, and none of another", function* (keeper, tenant) {
    const other = `${tenant}.x`
    const { violations: max } = defaults
    yield* keeper.keep(many(other, 0, 3))
    for (let from = 0; from < max; from += 250) yield* keeper.keep(many(tenant, from, 250))
    yield* same(rules((yield* pages(keeper, tenant, 500)).flat()).at(-1), "rule-0", "the oldest while there is room")
    yield* keeper.keep(many(tenant, max, 7))
    const left = (yield* pages(keeper, tenant, 500)).flat()
    yield* same([left.length, left[0]?.rule, left.at(-1)?.rule], [max, `rule-${max + 6}`, "rule-7"], "what is left")
    yield* same((yield* keeper.list(other, undefined, 10)).items.length, 3, "the other tenant's")
  }),

  law("keep() of many at once keeps each", function* (keeper, tenant) {
    const batches = Array.from({ length: 16 }, (_, i) => many(tenant, i * 8, 8))
    yield* Effect.all(batches.map((batch) => keeper.keep(batch)), { concurrency: "unbounded" })
    const kept = (yield* keeper.list(tenant, undefined, 500)).items
    yield* same(rules(kept).toSorted(), rules(batches.flat()).toSorted(), "what was kept")
  }),
]

/** The laws of violations that outlive their keeper; each build of `open` opens the same data. */
export const reopened = <E>(open: Layer.Layer<Violations, E>): ReadonlyArray<Law<never>> => {
  const half = <A, E2>(body: (keeper: Shape) => Effect.Effect<A, E2>) =>
    Effect.flatMap(Effect.service(Violations), body).pipe(Effect.provide(Layer.fresh(open)))
  const tenant = "durable-violations"
  return [{
    name: "violations outlive the keeper, in their order",
    law: Effect.gen(function* () {
      yield* half((keeper) => keeper.keep(many(tenant, 0, 3)))
      const first = yield* half((keeper) => keeper.list(tenant, undefined, 2))
      yield* half((keeper) => keeper.keep(many(tenant, 3, 1)))
      const rest = yield* half((keeper) => keeper.list(tenant, first.cursor, 2))
      const all = yield* half((keeper) => keeper.list(tenant, undefined, 10))
      yield* same(rules([...first.items, ...rest.items]), ["rule-2", "rule-1", "rule-0"], "two pages")
      yield* same(rules(all.items), ["rule-3", "rule-2", "rule-1", "rule-0"], "all")
    }),
  }]
}
