/**
 * Facts of which the graph shows something of each kind, for tests.
 * @module
 */
import type { Facts } from "../../policies/Facts.ts"

const at = { file: "orders/place.ts", line: 3 }
const service = (name: string, owns: ReadonlyArray<string>) => ({
  ...{ name, folder: name, owns, consumes: [], sends: [], file: `${name}/service.json`, line: 1 },
})
const call = (how: Facts["calls"][number]["how"], aggregate: string, to = "payments") => ({
  ...{ from: "orders", to, aggregate, how, ...at },
})

export const facts: Facts = {
  app: `<shop> & "co"`,
  services: [service("orders", ["Order", "Cart"]), service("payments", ["Payment"]), service("stock", [])],
  aggregates: [],
  imports: [{ from: "orders", to: "payments", specifier: "../payments/Payment.ts", kind: "internal", ...at }, {
    ...{ from: "stock", to: "orders", specifier: "../orders/Order.contract.ts", kind: "contract", ...at },
  }],
  calls: [
    call("ask", "Payment"),
    call("http", "*", ""),
    call("bus", "Payment.TakePayment"),
    call("event", "Payment.PaymentTaken"),
    call("event", "Payment.PaymentRefunded"),
  ],
  events: [],
  publishers: [],
  statements: [],
  routes: [],
}
