/**
 * What the architecture policies judge: an application as data, read from its source, its manifests and its running routes.
 *
 * `nexus policies facts` writes them. Paths are relative to the application's folder, with forward slashes; lines count
 * from 1. The name of a service is empty where something belongs to none: the entries that put an application together.
 * @module
 */
import { Schema } from "effect"

const { Boolean, Int, Literals, NullOr, String, Struct } = Schema
const list = Schema.Array
const place = { file: String, line: Int }

/** A folder with a manifest; an application without manifests is one service, named as the application. */
export const Service = Struct({
  name: String,
  /** Empty for the application's own folder. */
  folder: String,
  /** Aggregates that it alone may ask and whose events it alone stores. */
  owns: list(String),
  /** Events of others that it listens to: `Payment.PaymentTaken`. */
  consumes: list(String),
  /** Bus commands that it sends to others: `Payment.TakePayment`. */
  sends: list(String),
  /** Of the manifest. */
  ...place,
})

/** An aggregate of the running application, where its contract is declared. */
export const Aggregate = Struct({ name: String, service: String, commands: list(String), ...place })

/** One module of a service taking in another's; contracts (`X.contract.ts` and what they are made of) are for everybody. */
export const Import = Struct({
  from: String,
  to: String,
  specifier: String,
  kind: Literals(["contract", "internal"]),
  ...place,
})

/**
 * A service reaching for another. `ask` and `http` wait for an answer; `bus` (a command) and `event` stand in its manifest,
 * and in its source where it really sends and listens.
 */
export const Call = Struct({
  from: String,
  /** Empty where it cannot be told; of `http` the host then stands in `aggregate`'s place. */
  to: String,
  /** What is asked, `*` where the source does not say; of `bus` and `event` the whole name: `Payment.TakePayment`. */
  aggregate: String,
  how: Literals(["ask", "http", "bus", "event"]),
  ...place,
})

/** One version of an event of a contract: each is a subject of its own. */
export const Event = Struct({
  aggregate: String,
  type: String,
  version: Int,
  /** `Order.OrderPlaced.v2`. */
  subject: String,
  service: String,
  route: Literals(["core", "secondary"]),
  /** `events.lock` has this very schema. */
  locked: Boolean,
  /** The lock says which revision of the registry it is. */
  registered: Boolean,
  ...place,
})

/** A way on which events come to be stored or sent. */
export const Publisher = Struct({
  /** `POST /v1/Order/:id/commands/PlaceOrder`, or the call: `EventStore.commit`. */
  path: String,
  /** Every event on it passes its schema and the registry first. */
  validated: Boolean,
  ...place,
})

/** What changes or takes away rows of a table, or would be allowed to. */
export const Statement = Struct({
  kind: Literals(["sql", "dynamodb", "iam"]),
  /** In capitals for SQL (`DELETE`), else as AWS writes it (`dynamodb:DeleteItem`, `dynamodb:*`). */
  operation: String,
  /** `*` where it cannot be told, or is all of them. */
  table: String,
  /** The table holds events, or nobody can tell that it does not. */
  events: Boolean,
  /** Ends a stream by its reserved last event, and says so. */
  tombstone: Boolean,
  ...place,
})

/** A route of the running application. */
export const Route = Struct({
  method: String,
  path: String,
  /** It asks after the past: a state at a time or version, or the events of a time range. */
  temporal: Boolean,
  /** What its handler is held to, from the very value that holds it; null where nothing is. */
  limit: NullOr(Struct({ requests: Int, windowSeconds: Schema.Number, per: Schema.Literal("client") })),
  ...place,
})

export const Facts = Struct({
  /** The application's name. */
  app: String,
  services: list(Service),
  aggregates: list(Aggregate),
  imports: list(Import),
  calls: list(Call),
  events: list(Event),
  publishers: list(Publisher),
  statements: list(Statement),
  routes: list(Route),
})
export type Facts = typeof Facts.Type
export type Service = typeof Service.Type
export type Aggregate = typeof Aggregate.Type
export type Import = typeof Import.Type
export type Call = typeof Call.Type
export type Event = typeof Event.Type
export type Publisher = typeof Publisher.Type
export type Statement = typeof Statement.Type
export type Route = typeof Route.Type

/** What a policy has found: one line of the report of `nexus policies check`. */
export const Finding = Struct({
  /** `decoupling`, `immutability`, `registration`, `limits`, or a policy of the user's own. */
  policy: String,
  rule: String,
  why: String,
  repair: String,
  ...place,
})
export type Finding = typeof Finding.Type
