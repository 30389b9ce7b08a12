/**
 * What all services speak of: goods, pieces and money.
 *
 * Money is whole pence. The bounds keep every sum of an order (lines x pieces x pence) below 2^53, hence exact.
 * @module
 */
import { Schema } from "effect"

const between = (minimum: number, maximum: number) =>
  Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum, maximum })))
/** Up to `lengthMax` characters, perhaps none: what tills send as descriptions is sometimes empty. */
export const text = (lengthMax: number) => Schema.String.pipe(Schema.check(Schema.isMaxLength(lengthMax)))
/** Who needs more lines sends several orders. */
export const linesMax = 2_000
export const lines = <F extends Schema.Struct.Fields>(fields: F) =>
  Schema.Array(Schema.Struct(fields)).pipe(Schema.check(Schema.isMaxLength(linesMax)))

const [piecesMax, unitPenceMax] = [100_000, 10_000_000]
export const Pence = between(0, Number.MAX_SAFE_INTEGER)
export const StockCode = Schema.String.pipe(Schema.check(Schema.isBetweenLength(1, 40)))

export const item = { stockCode: StockCode, quantity: between(1, piecesMax) }
export const line = { ...item, description: text(200), unitPence: between(0, unitPenceMax) }
/** Any numbers that a till may send: whether they are a sale is for the order to decide, not for the schema. */
export const askedLine = {
  ...line,
  quantity: between(-piecesMax, piecesMax),
  unitPence: between(-unitPenceMax, unitPenceMax),
}

interface Item {
  readonly stockCode: string
  readonly quantity: number
}
interface Priced extends Item {
  readonly unitPence: number
}

export const totalOf = (lines: ReadonlyArray<Priced>): number =>
  lines.reduce((sum, { quantity, unitPence }) => sum + quantity * unitPence, 0)

/**
 * Takes `items` off the lines that still hold them, first line first; the refund is what they cost there.
 *
 * `missing` is the first item of which fewer pieces are left than asked; the result is then of no use.
 */
export const takeBack = <L extends Priced>(lines: ReadonlyArray<L>, items: ReadonlyArray<Item>) => {
  let [left, refundPence] = [lines, 0]
  for (const { stockCode, quantity } of items) {
    let open = quantity
    left = left.flatMap((line) => {
      const taken = line.stockCode === stockCode ? Math.min(open, line.quantity) : 0
      open -= taken
      refundPence += taken * line.unitPence
      return taken === line.quantity ? [] : [{ ...line, quantity: line.quantity - taken }]
    })
    if (open > 0) return { left, refundPence, missing: { stockCode, left: quantity - open } }
  }
  return { left, refundPence, missing: undefined }
}

/** How many pieces of each kind these lines hold. */
export const piecesOf = (lines: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  const pieces = new Map<string, number>()
  for (const { quantity, stockCode } of lines) pieces.set(stockCode, (pieces.get(stockCode) ?? 0) + quantity)
  return [...pieces].map(([stockCode, quantity]) => ({ stockCode, quantity }))
}

/** The id under which goods stand in stock: tills send codes with spaces and signs, ids have none. */
export const itemIdOf = (stockCode: string): string => stockCode.replaceAll(/^[^A-Za-z0-9]|[^A-Za-z0-9._-]/g, "0")
