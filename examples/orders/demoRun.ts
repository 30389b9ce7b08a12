/**
 * Sends every invoice, then reads every order back: the figures are what Nexus answered and holds, never what was planned.
 * @module
 */
import { Effect } from "effect"
import { type Answer, type DemoFailed, greet, type Held, type Nexus, read, send } from "./demoClient.ts"
import { type Holding, holdingOf, type Invoice, orderOf, returnsOf, sequencesOf } from "./plan.ts"
import type { Country, Figures } from "./report.ts"

/** Customers served at once. */
const concurrency = 32

/** `onInvoice` is called once for each invoice that is through. */
export const run = Effect.fnUntraced(function* (
  nexus: Nexus,
  invoices: ReadonlyArray<Invoice>,
  onInvoice: () => void,
): Effect.fn.Return<Figures, DemoFailed> {
  const rejected: Record<string, number> = {}
  let returned = 0
  const count = (answer: Answer) => {
    if (answer._tag === "Rejected") rejected[answer.name] = (rejected[answer.name] ?? 0) + 1
  }

  const sendSequence = Effect.fnUntraced(function* (sequence: ReadonlyArray<Invoice>) {
    let holdings: ReadonlyArray<Holding> = []
    for (const invoice of sequence) {
      if (invoice.isCredit) {
        const plan = returnsOf(invoice, holdings)
        holdings = plan.holdings
        for (const { order, lines } of plan.returns) {
          const answer = yield* send(nexus, order, "ReturnItems", `${invoice.number}.${order}`, { lines })
          count(answer)
          if (answer._tag === "Accepted") returned++
        }
      } else {
        const answer = yield* send(nexus, invoice.number, "PlaceOrder", invoice.number, orderOf(invoice))
        count(answer)
        if (answer._tag === "Accepted") holdings = [...holdings, holdingOf(invoice)]
      }
      onInvoice()
    }
  })
  yield* greet(nexus)
  yield* Effect.forEach(sequencesOf(invoices), sendSequence, { concurrency, discard: true })
  // Credit notes are read too: if one of them had become an order, the figures must show it.
  const held = yield* Effect.forEach(invoices, ({ number }) => read(nexus, number), { concurrency })
  const { placed, ...money } = figuresOf(held.filter((one) => one !== undefined))
  const byName = Object.fromEntries(Object.entries(rejected).toSorted())
  return { invoices: invoices.length, placed, returned, rejected: byName, ...money }
})

const figuresOf = (held: ReadonlyArray<Held>): Omit<Figures, "invoices" | "returned" | "rejected"> => {
  const standing = held.filter(({ state: { status } }) => status !== "cancelled").map(({ state }) => state)
  const byCountry: Record<string, Country> = {}
  for (const { country, totalPence, refundedPence } of standing) {
    const sum = byCountry[country] ?? { orders: 0, grossPence: 0, refundedPence: 0 }
    byCountry[country] = {
      orders: sum.orders + 1,
      grossPence: sum.grossPence + totalPence,
      refundedPence: sum.refundedPence + refundedPence,
    }
  }
  const sumOf = (key: keyof Country) => Object.values(byCountry).reduce((sum, country) => sum + country[key], 0)
  return {
    placed: sumOf("orders"),
    grossPence: sumOf("grossPence"),
    refundedPence: sumOf("refundedPence"),
    events: held.reduce((sum, { version }) => sum + version, 0),
    byCountry,
  }
}
