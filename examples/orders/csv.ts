/**
 * Reads the shop's CSV: quoted fields as in RFC 4180, money as whole pence, anything else refused with its line.
 * @module
 */

export interface Row {
  readonly invoice: string
  readonly stockCode: string
  readonly description: string
  readonly quantity: number
  /** RFC 3339, in UTC. */
  readonly date: string
  readonly unitPence: number
  /** Some sales name none. */
  readonly customer: string | undefined
  readonly country: string
}

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"

/** One record: fields with or without quotes, each followed by a comma or the end of the line. */
const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y

const records = (text: string): ReadonlyArray<ReadonlyArray<string>> => {
  const all: Array<ReadonlyArray<string>> = []
  let record: Array<string> = []
  field.lastIndex = 0
  while (field.lastIndex < text.length) {
    const found = field.exec(text)
    if (found === null) throw new Error(`record ${all.length + 1} of the CSV is torn: a quote stands where none may`)
    const [, quoted, plain = "", end] = found
    record.push(quoted?.replaceAll('""', '"') ?? plain)
    if (end === ",") continue
    all.push(record)
    record = []
  }
  return all
}

/** Pounds as text to whole pence, digit by digit: a float would be off by a penny sooner or later. */
export const penceOf = (pounds: string): number | undefined => {
  const [, sign, whole, fraction = ""] = /^(-?)(\d{1,9})(?:\.(\d{1,2}))?$/.exec(pounds) ?? []
  if (whole === undefined) return undefined
  const pence = Number(whole) * 100 + Number(fraction.padEnd(2, "0"))
  return sign === "-" ? -pence : pence
}

/** The rows in their order. Throws at the first one that cannot be read exactly; a price below a penny is such a one. */
export const parse = (text: string): ReadonlyArray<Row> => {
  const [first = [], ...rest] = records(text)
  if (first.join(",") !== header) throw new Error(`the CSV must begin with ${header}`)
  return rest.map((record, index) => {
    const [
      invoice = "",
      stockCode = "",
      description = "",
      pieces = "",
      date = "",
      pounds = "",
      customer,
      country = "",
    ] = record
    const wrong = (what: string) => new Error(`record ${index + 2} of the CSV: ${what}`)
    const unitPence = penceOf(pounds)
    if (record.length !== 8) throw wrong(`${record.length} fields instead of 8`)
    if (!/^-?\d{1,9}$/.test(pieces)) throw wrong("the quantity is not a whole number")
    if (unitPence === undefined) throw wrong("the price is not in whole pence")
    return {
      invoice,
      stockCode,
      description,
      quantity: Number(pieces),
      date,
      unitPence,
      customer: customer || undefined,
      country,
    }
  })
}
