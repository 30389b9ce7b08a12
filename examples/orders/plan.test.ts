import { assert, describe, it } from "@effect/vitest"
import type { Row } from "./csv.ts"
import { holdingOf, invoicesOf, orderOf, returnsOf, sequencesOf } from "./plan.ts"

const row = (invoice: string, stockCode: string, quantity: number, some: Partial<Row> = {}): Row => ({
  invoice,
  stockCode,
  description: stockCode,
  quantity,
  date: "2010-12-01T08:26:00Z",
  unitPence: 100,
  customer: "1",
  country: "France",
  ...some,
})
const invoice = (...rows: ReadonlyArray<Row>) => invoicesOf(rows)[0]!

describe("invoicesOf() and sequencesOf()", () => {
  it("gather an invoice's rows in their order, repeats included, wherever they stand", () => {
    const rows = [row("1", "a", 1), row("2", "b", 1), row("1", "a", 1), row("C3", "a", -1)]
    const invoices = invoicesOf(rows)
    assert.deepEqual(invoices.map(({ number, isCredit }) => [number, isCredit]), [["1", false], ["2", false], [
      "C3",
      true,
    ]])
    assert.deepEqual(invoices[0]!.rows.map(({ stockCode }) => stockCode), ["a", "a"])
  })
  it("keep a customer's invoices in order, and bind nobody else to them", () => {
    const nobody = { customer: undefined }
    const rows = [row("1", "a", 1), row("2", "a", 1, nobody), row("C3", "a", -1), row("4", "a", 1, nobody)]
    assert.deepEqual(sequencesOf(invoicesOf(rows)).map((all) => all.map(({ number }) => number)), [["1", "C3"], ["2"], [
      "4",
    ]])
  })
})

describe("orderOf()", () => {
  it("is dated by the first row, and names no customer where there is none", () => {
    const later = { date: "2010-12-01T08:27:00Z" }
    assert.deepEqual(orderOf(invoice(row("1", "a", 2), row("1", "b", 3, later))), {
      customer: "1",
      country: "France",
      currency: "GBP",
      placedAt: "2010-12-01T08:26:00Z",
      lines: [
        { stockCode: "a", description: "a", quantity: 2, unitPence: 100 },
        { stockCode: "b", description: "b", quantity: 3, unitPence: 100 },
      ],
    })
    assert.notProperty(orderOf(invoice(row("1", "a", 1, { customer: undefined }))), "customer")
  })
})

describe("returnsOf()", () => {
  const old = holdingOf(invoice(row("1", "a", 5), row("1", "b", 1)))
  const newer = holdingOf(invoice(row("2", "a", 2), row("2", "a", 1)))
  const note = (...lines: ReadonlyArray<readonly [string, number]>) =>
    invoice(...lines.map(([stockCode, quantity]) => row("C9", stockCode, -quantity)))
  const returned = (...lines: ReadonlyArray<readonly [string, number]>) =>
    returnsOf(note(...lines), [old, newer]).returns.map((
      { order, lines },
    ) => [order, ...lines.map(({ quantity }) => quantity)])

  it("goes to the newest order that has so many, repeats counted together", () => {
    assert.deepEqual(returned(["a", 3]), [["2", 3]])
    assert.deepEqual(returned(["a", 4]), [["1", 4]])
  })
  it("counts what the same note has taken already", () => {
    assert.deepEqual(returned(["a", 2], ["a", 2], ["a", 4]), [["2", 2], ["1", 2], ["C9", 4]])
  })
  it("gathers the lines of one order into one return", () => {
    assert.deepEqual(returned(["a", 4], ["b", 1], ["c", 1], ["b", 1]), [["1", 4, 1], ["C9", 1, 1]])
  })
  it("leaves less for the next note, and the given holdings alone", () => {
    const { holdings } = returnsOf(note(["a", 3]), [old, newer])
    assert.deepEqual(returnsOf(note(["a", 1]), holdings).returns.map(({ order }) => order), ["1"])
    assert.strictEqual(newer.pieces.get("a"), 3)
  })
})
