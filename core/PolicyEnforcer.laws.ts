/**
 * What every enforcer of the policies of Nexus must keep, as data; each law uses a tenant of its own.
 *
 * Denials are kept behind the answer, so run them by a clock that goes.
 * @module
 */
import { Effect, Result } from "effect"
import { canonical, digest } from "./Fingerprint.ts"
import { cases, policy } from "./laws/decisions.ts"
import { freshTenant, holds, type Law, same } from "./laws/fixtures.ts"
import { type Action, type Input, PolicyEnforcer, type Shape } from "./PolicyEnforcer.ts"
import { type Shape as Keeper, type Violation, Violations } from "./Violations.ts"

const law = (
  name: string,
  body: (enforcer: Shape, tenant: string, kept: Keeper) => Generator<Effect.Effect<unknown, unknown>, void, never>,
): Law<PolicyEnforcer | Violations> => ({
  name,
  law: Effect.gen(function* () {
    const enforcer = yield* PolicyEnforcer
    const violations = yield* Violations
    const tenant = yield* freshTenant
    yield* Effect.gen(() => body(enforcer, tenant, violations))
  }),
})

/** What came of it: `true`, or the rule that refused it. */
const enforced = (enforcer: Shape, input: Input) =>
  Effect.map(
    Effect.result(enforcer.enforce(input)),
    (result) => Result.isSuccess(result) ? true : saidOf(result.failure),
  )
const saidOf = (denied: object) => "rule" in denied ? denied.rule : "_tag" in denied ? denied._tag : "?"

const of = (tenant: string, { tenant: usual, ...input }: Input): Input => ({ ...input, tenant: usual && tenant })
const denied = cases.filter(({ answer, input }) => answer !== true && input.tenant !== "")

/** The tenant's violations once there are so many: they are written behind the answers. */
const keptOf = Effect.fnUntraced(function* (violations: Keeper, tenant: string, count: number) {
  let items: ReadonlyArray<Violation> = []
  for (let i = 0; i < 500; i++) {
    items = (yield* violations.list(tenant, undefined, 100)).items
    if (items.length >= count) break
    yield* Effect.sleep("20 millis")
  }
  return items
})

export const laws: ReadonlyArray<Law<PolicyEnforcer | Violations>> = [
  law("enforce() answers every case of the table, twice the same", function* (enforcer, tenant) {
    for (const round of ["first", "second"]) {
      for (const { answer, input } of cases) {
        const asked = of(tenant, input)
        yield* same(yield* enforced(enforcer, asked), answer, `${round} time ${canonical(asked)}`)
      }
    }
  }),

  law("enforce() answers many at once as it answers one", function* (enforcer, tenant) {
    const asked = Array.from({ length: 10 }, () => cases).flat()
    const answers = yield* Effect.forEach(asked, ({ input }) => enforced(enforcer, of(tenant, input)), {
      concurrency: "unbounded",
    })
    yield* same(answers, asked.map(({ answer }) => answer), "the answers")
  }),

  law("enforce() denies without a scope, whatever is asked", function* (enforcer, tenant) {
    for (const { input } of cases) {
      const answer = yield* enforced(enforcer, { ...of(tenant, input), scopes: [] })
      yield* holds(answer !== true, `${canonical(input)} was allowed without a scope`)
    }
  }),

  law("enforce() takes no text for a rule, a scope or a wildcard", function* (enforcer, tenant) {
    const nasty = ["*", "%", "", "commands", "Order ", "'; --", "äöü 漢字 😀", "__proto__", "x".repeat(255)]
    for (const text of nasty) {
      const input = { ...of(tenant, cases[0]!.input), scopes: [text, `commands:${text}x`], app: text }
      yield* holds((yield* enforced(enforcer, input)) !== true, `a scope ${text} was enough for Order`)
      const unknown = { ...input, action: text as Action, scopes: ["commands:*", "read"] }
      yield* holds((yield* enforced(enforcer, unknown)) !== true, `the action ${text} was allowed`)
    }
  }),

  law("known() says nothing or what enforce() says, and keeps nothing", function* (enforcer, tenant, violations) {
    for (const when of ["before", "after"]) {
      for (const { answer, input } of cases) {
        const known = enforcer.known(of(tenant, input))
        const said = known === undefined || known === true ? known : `${known.policy} ${known.rule}`
        const fits = said === undefined || said === (answer === true ? true : `${policy} ${answer}`)
        yield* holds(fits, `${when}: known(${canonical(input)}) says ${said}`)
        if (when === "before" && answer === true) yield* enforcer.enforce(of(tenant, input))
      }
    }
    yield* same(yield* keptOf(violations, tenant, 0), [], "what was kept")
  }),

  law("enforce() keeps each denial, newest first, and nothing of what is allowed", function* (enforcer, tenant, kept) {
    for (const { input } of cases) yield* enforced(enforcer, of(tenant, input))
    const items = yield* keptOf(kept, tenant, denied.length)
    yield* same(items.length, denied.length, "how many were kept")
    const want = denied.toReversed().map(({ answer, input }) => ({
      policy,
      rule: answer,
      action: input.action,
      aggregate: input.aggregate,
      type: input.type,
      tenant,
      principal: input.subject,
      inputDigest: digest(canonical(of(tenant, input))),
    }))
    yield* same(items.map(({ bundle: _, subject: __, time: ___, ...one }) => one), want, "what was kept")
    for (const { bundle, subject, time } of items) {
      yield* holds(bundle !== "" && subject !== "" && time > 0, "a violation lacks bundle, subject or time")
    }
  }),

  law("enforce() keeps a denial that it remembers each time, under its own tenant", function* (enforcer, tenant, kept) {
    const { input } = denied[0]!
    for (let i = 0; i < 5; i++) yield* enforced(enforcer, of(tenant, input))
    yield* enforced(enforcer, of(`${tenant}-other`, input))
    yield* same((yield* keptOf(kept, tenant, 5)).length, 5, "how many were kept")
    const other = yield* keptOf(kept, `${tenant}-other`, 1)
    yield* same(other.map((one) => one.tenant), [`${tenant}-other`], "the other tenant's")
  }),
]
