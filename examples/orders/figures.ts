/**
 * The figures straight from the text of the CSV, so that Nexus has something to be wrong against.
 *
 * On purpose it shares no line with `csv.ts`, `plan.ts` or the aggregate: it splits by itself, counts in BigInt and looks
 * for the sold pieces in one list of all of them.
 * @module
 */
import type { Figures } from "./report.ts"

/** Pieces of one line of an accepted order that were not returned yet. */
interface Sold {
  readonly order: string
  readonly country: string
  readonly customer: string
  readonly code: string
  readonly pence: bigint
  left: number
}

interface Sums {
  orders: number
  gross: bigint
  refunded: bigint
}

/** Commas outside of quotes. */
const comma = /,(?=(?:[^"]*"[^"]*")*[^"]*$)/
/** `2.1` is `210`: the point two digits to the right. */
const inPence = (pounds: string): bigint => {
  const [whole = "", fraction = ""] = pounds.split(".")
  return BigInt(`${whole}${fraction}${"0".repeat(2 - fraction.length)}`)
}

/** Why the shop would not call these lines an order; nothing where it would. */
const refusal = (lines: ReadonlyArray<{ pieces: number; pence: bigint }>): string | undefined => {
  if (lines.every(({ pieces }) => pieces <= 0)) return "EmptyOrder"
  if (lines.some(({ pieces, pence }) => pieces <= 0 || pence < 0n)) return "CreditLine"
  return lines.every(({ pence }) => pence === 0n) ? "Unpriced" : undefined
}

export const figuresOf = (csv: string): Figures => {
  const lines = csv.trimEnd().split("\n").slice(1).map((line) => {
    const [invoice = "", code = "", , pieces = "", , pounds = "", customer = "", country = ""] = line.split(comma)
    return { invoice, code, pieces: Number(pieces), pence: inPence(pounds), customer, country }
  })
  const invoices = [...new Set(lines.map(({ invoice }) => invoice))]
  const sold: Array<Sold> = []
  const rejected: Record<string, number> = {}
  const sums: Record<string, Sums> = {}
  let returned = 0

  const refuse = (why: string) => rejected[why] = (rejected[why] ?? 0) + 1
  for (const invoice of invoices) {
    const own = lines.filter((line) => line.invoice === invoice)
    if (invoice.startsWith("C")) {
      const touched = new Set<string>()
      for (const { code, pieces, customer } of own) touched.add(takeBack(sold, customer, code, -pieces, sums) ?? "")
      returned += touched.size - (touched.has("") ? 1 : 0)
      if (touched.has("")) refuse("NotPlaced")
      continue
    }
    const why = refusal(own)
    if (why !== undefined) {
      refuse(why)
      continue
    }
    const sum = sums[own[0]!.country] ??= { orders: 0, gross: 0n, refunded: 0n }
    sum.orders++
    for (const { code, pieces, pence, customer, country } of own) {
      sum.gross += pence * BigInt(pieces)
      sold.push({ order: invoice, country, customer, code, pence, left: pieces })
    }
  }

  const all = Object.values(sums)
  const placed = all.reduce((total, { orders }) => total + orders, 0)
  return {
    invoices: invoices.length,
    placed,
    returned,
    rejected,
    grossPence: Number(all.reduce((total, { gross }) => total + gross, 0n)),
    refundedPence: Number(all.reduce((total, { refunded }) => total + refunded, 0n)),
    events: placed + returned,
    byCountry: Object.fromEntries(
      Object.entries(sums).map(([country, { orders, gross, refunded }]) => [country, {
        orders,
        grossPence: Number(gross),
        refundedPence: Number(refunded),
      }]),
    ),
  }
}

/** Takes pieces off the newest order of the customer that has enough of them, and says which; nothing where none has. */
const takeBack = (
  sold: ReadonlyArray<Sold>,
  customer: string,
  code: string,
  pieces: number,
  sums: Record<string, Sums>,
): string | undefined => {
  const theirs = sold.filter((one) => customer !== "" && one.customer === customer && one.code === code)
  const newest = [...new Set(theirs.map(({ order }) => order))].reverse()
  const order = newest.find((order) =>
    theirs.reduce((total, one) => one.order === order ? total + one.left : total, 0) >= pieces
  )
  let missing = pieces
  for (const one of theirs.filter((one) => one.order === order)) {
    const taken = Math.min(missing, one.left)
    one.left -= taken
    missing -= taken
    sums[one.country]!.refunded += one.pence * BigInt(taken)
  }
  return order
}
