import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { parse } from "./csv.ts"
import { figuresOf } from "./figures.ts"
import { bar } from "./progress.ts"
import { differences, type Figures, show } from "./report.ts"

const csv = readFileSync(new URL("data/online-retail.csv", import.meta.url).pathname, "utf8")
const figures = figuresOf(csv)

describe("figuresOf()", () => {
  it("finds in the data set what was counted by hand", () => {
    const { byCountry, ...totals } = figures
    assert.deepEqual(totals, {
      invoices: 512,
      placed: 424,
      returned: 9,
      rejected: { EmptyOrder: 30, NotPlaced: 36, Unpriced: 15 },
      grossPence: 18_424_833,
      refundedPence: 18_400,
      events: 433,
    })
    assert.lengthOf(Object.keys(byCountry), 15)
    assert.deepEqual(byCountry["Germany"], { orders: 9, grossPence: 344_905, refundedPence: 0 })
  })
  it("reads the same rows as the parser that feeds Nexus", () => {
    const rows = parse(csv)
    assert.lengthOf(rows, 10_000)
    const sold = rows.reduce((sum, row) => sum + (row.quantity > 0 ? row.quantity * row.unitPence : 0), 0)
    assert.strictEqual(sold, figures.grossPence)
  })
  it("refuses, returns and refunds as the shop does", () => {
    const [header] = csv.split("\n", 1)
    const line = (invoice: string, code: string, pieces: number, pounds: string) =>
      `${invoice},${code},"A, B",${pieces},2010-12-01T08:26:00Z,${pounds},1,France`
    const small = [
      header,
      line("1", "a", 2, "1.1"),
      line("1", "a", 3, "2"),
      line("2", "a", 1, "5"),
      line("3", "a", -1, "0"),
    ]
    const mixed = [line("4", "a", 1, "1"), line("4", "a", -1, "1"), line("5", "b", 1, "0")]
    const notes = [
      line("C6", "a", -1, "9"),
      line("C6", "a", -3, "9"),
      line("C6", "a", -3, "9"),
      line("C6", "z", -1, "9"),
    ]
    assert.deepEqual(figuresOf([...small, ...mixed, ...notes].join("\n")), {
      invoices: 6,
      placed: 2,
      // One piece to order 2, three to order 1 (two at 1.10, one at 2.00); of the other three only two are left.
      returned: 2,
      rejected: { EmptyOrder: 1, CreditLine: 1, Unpriced: 1, NotPlaced: 1 },
      grossPence: 1_320,
      refundedPence: 500 + 420,
      events: 4,
      byCountry: { France: { orders: 2, grossPence: 1_320, refundedPence: 920 } },
    })
  })
})

describe("differences()", () => {
  it("finds none between equal figures, in whatever order", () => {
    assert.deepEqual(differences(figures, JSON.parse(JSON.stringify(figures)) as Figures), [])
    const { rejected } = figures
    assert.deepEqual(
      differences({ ...figures, rejected: Object.fromEntries(Object.entries(rejected).reverse()) }, figures),
      [],
    )
  })
  it("names every figure that is off by a penny, missing or too much", () => {
    const { Germany, ...others } = figures.byCountry
    const nexus = {
      ...figures,
      grossPence: 18_424_832,
      rejected: { ...figures.rejected, AlreadyPlaced: 1 },
      byCountry: others,
    }
    assert.deepEqual(differences(nexus, figures), [
      `byCountry.Germany.grossPence is 0 in Nexus and ${Germany!.grossPence} in the CSV`,
      "byCountry.Germany.orders is 0 in Nexus and 9 in the CSV",
      "grossPence is 18424832 in Nexus and 18424833 in the CSV",
      "rejected.AlreadyPlaced is 1 in Nexus and 0 in the CSV",
    ])
  })
})

describe("show() and bar()", () => {
  it("write pounds with two digits and columns that line up", () => {
    const text = show(figures)
    assert.match(text, /^gross £ {2,}184,248\.33$/m)
    assert.match(text, /^rejected NotPlaced +36$/m)
    assert.match(text, /^Germany +9 +3,449\.05 +0\.00$/m)
    const [, countries = ""] = text.split("\n\n")
    assert.lengthOf(new Set(countries.split("\n").map((line) => line.length)), 1)
  })
  it("fill the bar from nothing to all", () => {
    assert.match(bar(0, 512), /^\r\[░{40}\] 0\/512/)
    assert.match(bar(256, 512), /^\r\[█{20}░{20}\] 256\/512/)
    assert.match(bar(512, 512), /^\r\[█{40}\] 512\/512/)
    assert.match(bar(0, 0), /^\r\[█{40}\] 0\/0/)
  })
})
