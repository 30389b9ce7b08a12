/**
 * From the rows of the CSV to what is asked of Nexus: one order an invoice, one return an order and credit note.
 *
 * A customer's invoices are asked for one after another, for a credit depends on the orders that were accepted before it.
 * @module
 */
import type { Row } from "./csv.ts"

export interface Invoice {
  /** The order's id, and the idempotency key of placing it. */
  readonly number: string
  /** Gives goods back instead of selling them. */
  readonly isCredit: boolean
  readonly rows: readonly [Row, ...ReadonlyArray<Row>]
}

/** The invoices in the order of their first rows; rows keep their order and repeats. */
export const invoicesOf = (rows: ReadonlyArray<Row>): ReadonlyArray<Invoice> =>
  [...Map.groupBy(rows, ({ invoice }) => invoice)].map(([number, [first, ...rest]]) => ({
    number,
    isCredit: number.startsWith("C"),
    rows: [first!, ...rest],
  }))

/** What must happen in order: the invoices of one customer. One that names no customer waits for nothing. */
export const sequencesOf = (invoices: ReadonlyArray<Invoice>): ReadonlyArray<ReadonlyArray<Invoice>> => [
  ...Map.groupBy(
    invoices,
    ({ number, rows: [{ customer }] }) => customer === undefined ? `invoice ${number}` : `customer ${customer}`,
  ).values(),
]

/** The JSON of `PlaceOrder`. The date of an invoice is that of its first row. */
export const orderOf = ({ rows }: Invoice): object => {
  const [{ customer, country, date: placedAt }] = rows
  const lines = rows.map(({ stockCode, description, quantity, unitPence }) => ({
    stockCode,
    description,
    quantity,
    unitPence,
  }))
  return { ...(customer === undefined ? {} : { customer }), country, currency: "GBP", placedAt, lines }
}

/** An accepted order of a customer and the pieces it still has, by stock code. */
export interface Holding {
  readonly order: string
  readonly pieces: ReadonlyMap<string, number>
}

export interface Return {
  readonly order: string
  readonly lines: ReadonlyArray<{ readonly stockCode: string; readonly quantity: number }>
}

/** What an accepted order holds at first. */
export const holdingOf = ({ number, rows }: Invoice): Holding => {
  const pieces = new Map<string, number>()
  for (const { stockCode, quantity } of rows) pieces.set(stockCode, (pieces.get(stockCode) ?? 0) + quantity)
  return { order: number, pieces }
}

/**
 * Each line of a credit note goes to the newest holding (they are given oldest first) that still has so many pieces of
 * it; lines without one go to an order named by the note, which was never placed. Gives what is left of the holdings too.
 */
export const returnsOf = (
  { number, rows }: Invoice,
  holdings: ReadonlyArray<Holding>,
): { readonly returns: ReadonlyArray<Return>; readonly holdings: ReadonlyArray<Holding> } => {
  const left = [...holdings]
  const lines = rows.map(({ stockCode, quantity: negative }) => {
    const quantity = -negative
    const index = left.findLastIndex(({ pieces }) => (pieces.get(stockCode) ?? 0) >= quantity)
    const holding = left[index]
    if (holding === undefined) return { order: number, line: { stockCode, quantity } }
    const pieces = new Map(holding.pieces).set(stockCode, holding.pieces.get(stockCode)! - quantity)
    left[index] = { order: holding.order, pieces }
    return { order: holding.order, line: { stockCode, quantity } }
  })
  const returns = [...Map.groupBy(lines, ({ order }) => order)]
  return { returns: returns.map(([order, all]) => ({ order, lines: all.map(({ line }) => line) })), holdings: left }
}
