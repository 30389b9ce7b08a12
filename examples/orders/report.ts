/**
 * The figures of the demo, how they are shown and how they are compared.
 * @module
 */

/** Money is whole pence. */
export interface Figures {
  /** In the file, credit notes included. */
  readonly invoices: number
  /** Orders that stand. */
  readonly placed: number
  /** `ReturnItems` that were accepted: one an order and credit note. */
  readonly returned: number
  /** Commands that were refused, by the name of the rejection. */
  readonly rejected: { readonly [rejection: string]: number }
  /** Of all orders, before returns. */
  readonly grossPence: number
  readonly refundedPence: number
  /** Events of all orders: one more than this after a second run would mean that something was done twice. */
  readonly events: number
  readonly byCountry: { readonly [country: string]: Country }
}

export interface Country {
  readonly orders: number
  readonly grossPence: number
  readonly refundedPence: number
}

/** Every number by its path, such as `byCountry.France.grossPence`, in a fixed order. */
const flat = (value: unknown, path: string): ReadonlyArray<readonly [path: string, value: unknown]> =>
  typeof value === "object" && value !== null
    ? Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1).flatMap(([key, member]) =>
      flat(member, path === "" ? key : `${path}.${key}`)
    )
    : [[path, value]]

/** One sentence for each figure that differs; none where both are equal to the penny. */
export const differences = (nexus: Figures, csv: Figures): ReadonlyArray<string> => {
  const [ours, theirs] = [new Map(flat(nexus, "")), new Map(flat(csv, ""))]
  const paths = [...new Set([...theirs.keys(), ...ours.keys()])]
  return paths.flatMap((path) => {
    const [nexus, csv] = [ours.get(path) ?? 0, theirs.get(path) ?? 0]
    return nexus === csv ? [] : [`${path} is ${nexus} in Nexus and ${csv} in the CSV`]
  })
}

const pounds = (pence: number): string => {
  const [whole, rest] = [Math.trunc(pence / 100), String(pence % 100).padStart(2, "0")]
  return `${String(whole).replace(/\B(?=(\d{3})+$)/g, ",")}.${rest}`
}

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row.map((cell, column) => column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)).join("  ")
  ).join("\n")
}

/** Two tables, as text for people. */
export const show = (figures: Figures): string => {
  const { invoices, placed, returned, rejected, grossPence, refundedPence, events, byCountry } = figures
  const countries = Object.entries(byCountry).toSorted(([, a], [, b]) => b.grossPence - a.grossPence)
  return [
    table([
      ["invoices", `${invoices}`],
      ["orders placed", `${placed}`],
      ["returns accepted", `${returned}`],
      ...Object.entries(rejected).toSorted().map(([name, count]) => [`rejected ${name}`, `${count}`]),
      ["events", `${events}`],
      ["gross £", pounds(grossPence)],
      ["refunded £", pounds(refundedPence)],
    ]),
    table([
      ["country", "orders", "gross £", "refunded £"],
      ...countries.map(([name, { orders, ...money }]) => [
        name,
        `${orders}`,
        pounds(money.grossPence),
        pounds(money.refundedPence),
      ]),
    ]),
  ].join("\n\n")
}
