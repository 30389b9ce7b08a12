import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { parse, penceOf } from "./csv.ts"

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
const rest = "6,2010-12-01T08:26:00Z,2.55,17850,France"

describe("parse()", () => {
  it("reads a row, with commas, quotes and line breaks inside quotes", () => {
    const [row] = parse(`${header}536365,85123A,"T-LIGHT, ""WHITE""\n2"" ",${rest}\n`)
    assert.deepEqual(row, {
      invoice: "536365",
      stockCode: "85123A",
      description: `T-LIGHT, "WHITE"\n2" `,
      quantity: 6,
      date: "2010-12-01T08:26:00Z",
      unitPence: 255,
      customer: "17850",
      country: "France",
    })
  })
  it("keeps what is dirty but readable: no description, no customer, nothing to pay, pieces below zero", () => {
    const [row] = parse(`${header}536589,21777,,-10,2010-12-01T16:50:00Z,0,,United Kingdom`)
    assert.deepEqual([row?.description, row?.customer, row?.unitPence, row?.quantity], ["", undefined, 0, -10])
  })
  it("ends a file with or without a line break, and with those of Windows", () => {
    const line = `536365,85123A,X,${rest}`
    for (const text of [`${line}\n${line}`, `${line}\n${line}\n`, `${line}\r\n${line}\r\n`]) {
      assert.deepEqual(parse(header + text).map(({ country }) => country), ["France", "France"])
    }
    assert.deepEqual(parse(header), [])
  })
  it("refuses what it cannot read exactly, and says where", () => {
    const wrong = [
      ["536365,85123A,X,6,2010-12-01T08:26:00Z,0.001,17850,France", /record 3 .* whole pence/],
      ["536365,85123A,X,6.5,2010-12-01T08:26:00Z,1,17850,France", /record 3 .* whole number/],
      ["536365,85123A,X,6,2010-12-01T08:26:00Z,1,17850", /record 3 .* 7 fields/],
      [`536365,85123A,X"Y,${rest}`, /torn/],
      [`536365,85123A,"X,${rest}`, /torn/],
    ] as const
    for (const [line, message] of wrong) assert.throws(() => parse(`${header}536365,8,X,${rest}\n${line}`), message)
    assert.throws(() => parse("a,b\n"), /must begin with InvoiceNo/)
  })
})

describe("penceOf()", () => {
  it.effect.prop("is exact for every amount", {
    pence: Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: -99_999_999_999, maximum: 99_999_999_999 }))),
  }, ({ pence }) =>
    Effect.sync(() => {
      const digits = String(Math.abs(pence)).padStart(3, "0")
      const pounds = `${pence < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`
      assert.strictEqual(penceOf(pounds), pence)
    }), { arbitrary: { runs: 300 } })
  it("reads one digit as ten pence, none as pounds, and nothing else", () => {
    assert.deepEqual(["2.1", "2", "0.29", "1.10", "-3.5"].map(penceOf), [210, 200, 29, 110, -350])
    for (const text of ["", "1.", ".5", "1.005", "1e2", "1,5", " 1", "£1", "--1"]) {
      assert.isUndefined(penceOf(text), text)
    }
  })
})
