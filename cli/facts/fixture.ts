/**
 * A small shop of two services, and what is read from it with some files changed.
 * @module
 */
import { Result } from "effect"
import { parseSync } from "oxc-parser"
import * as App from "../../core/App.ts"
import { by } from "../evolve/parser.ts"
import { extract } from "./extract.ts"

export type Files = Readonly<Record<string, string>>
export const parse = by(parseSync, "ts")
export const app = App.make("shop", { aggregates: [] })

/** Two services; `Payment` is one file behind a contract, which shares `money.ts` with nobody. */
export const shop: Files = {
  "app.ts": `import { App } from "nexus-actors/core"\nimport "./payments/Payment.ts"\nimport "./orders/place.ts"`,
  "orders/service.json": `{ "name": "orders", "owns": ["Order"], "outside": ["env.BANK_URL"] }`,
  "orders/Order.contract.ts": `import { Contract } from "nexus-actors/schemas"
    export class Order extends Contract.make("Order", { commands: [], events: [] }) {}`,
  "orders/place.ts": "",
  "payments/service.json": `{ "name": "payments", "owns": ["Payment"], "hosts": ["pay.internal:8080"] }`,
  "payments/Payment.contract.ts": `import { Contract } from "nexus-actors/schemas"
    import { Schema } from "effect"
    import { Pence } from "./money.ts"
    export class Payment extends Contract.make("Payment", { commands: [], events: [] }) {}`,
  "payments/money.ts": `import { Schema } from "effect"\nexport const Pence = Schema.Int`,
  "payments/rules.ts": "export const max = 1",
  "payments/Payment.ts": `import { Aggregate } from "nexus-actors/core"
    import * as P from "./Payment.contract.ts"
    export const PaymentAggregate = Aggregate.make(P.Payment, 1, 2).decide({}).evolve({})`,
  "payments/index.ts": `export { PaymentAggregate as Pay } from "./Payment.ts"`,
}
export const read = (more: Files, templates: Files = {}) =>
  extract({
    ...{ app, entry: "app.ts", parse, files: new Map(Object.entries({ ...shop, ...more })) },
    templates: new Map(Object.entries(templates)),
    alias: (specifier) => specifier.startsWith("#pay/") ? specifier.replace("#pay/", "payments/") : undefined,
  })
export const facts = (more: Files, templates: Files = {}) => Result.getOrThrow(read(more, templates))
export const placing = (text: string, more: Files = {}) => facts({ ...more, "orders/place.ts": text })
