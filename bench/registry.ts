/**
 * The subjects by name, each loaded only where it is measured: nobody pays for the others' modules.
 * @module
 */
import type { Subject } from "./Subject.ts"

export const load: Readonly<Record<string, () => Promise<Subject>>> = {
  nexus: async () => (await import("./subjects/Nexus.ts")).nexus,
  "nexus-governed": async () => (await import("./subjects/Nexus.ts")).nexusGoverned,
  entity: async () => (await import("./subjects/Entity.ts")).entity,
  emmett: async () => (await import("./peers/emmett.ts")).emmett,
  "emmett-sqlite": async () => (await import("./peers/sqlite/emmett.ts")).emmettSqlite,
  castore: async () => (await import("./peers/castore.ts")).castore,
  "nexus-dynamodb": async () => (await import("./aws/Nexus.ts")).nexusDynamodb,
  "raw-put": async () => (await import("./aws/raw.ts")).rawPut,
  "raw-single": async () => (await import("./aws/raw.ts")).rawSingle,
  "raw-together": async () => (await import("./aws/raw.ts")).rawTogether,
  "raw-bare": async () => (await import("./aws/raw.ts")).rawBare,
  "raw-transaction": async () => (await import("./aws/raw.ts")).rawTransaction,
  "castore-dynamodb": async () => (await import("./peers/castoreDynamodb.ts")).castoreDynamodb,
  equinox: async () => (await import("./peers/equinox.ts")).equinox,
}

/** What each promises its caller, in the words of the table; speed bought with less is no speed. */
export const guarantees: Readonly<Record<string, string>> = {
  nexus: "durable: answered after the fsync of its group; schemas of commands and events, receipts, version fence",
  "nexus-governed": "the same, and each event only if its schema is registered and the policies allow it",
  entity:
    "Effect Cluster entity, volatile mailbox, one fsynced insert per event before the answer; schemas of commands",
  emmett: "volatile: Emmett 0.42.0 in memory; version checked, no schema",
  "emmett-sqlite":
    "durable: Emmett 0.38.5, SQLite file, rollback journal, fsync per event; callers one by one (by the bench)",
  castore: "volatile: Castore 2.4.2 in memory; version checked, no schema, the bench repeats lost races",
  equinox: "volatile: equinox-js 1.2.0 in memory; version checked, JSON codec, lost races repeated at once, no cache",
  "nexus-dynamodb": "stored by DynamoDB before the answer; schemas of commands and events, receipts, version fence",
  "nexus-aws":
    "actors, router and consumers in one process; every event arrives, on Kinesis in the order of its stream",
  "raw-put":
    "the limit: one conditional put an event into the store's own table, its indexes and stream; nothing decided",
  "raw-transaction": "the limit: the same put and a receipt in one transaction",
  "raw-single": "the same, one after another: each version of a stream waits for the one before it",
  "raw-together": "the limit: what waits, up to 64 puts, in one transaction behind the other; nothing decided",
  "raw-bare": "one conditional put an event into a table without indexes and stream",
  "castore-dynamodb":
    "Castore 2.4.2, one conditional put an event; version checked, no schema, the bench repeats lost races",
  ajv: "Ajv 8.20.0: the schema compiled to code, which Workers forbid",
  opa: "an OPA 1.22.2 server on the same machine, asked over HTTP",
  raw: "the limit: `node:sqlite`, W1's rows, 256 a transaction, fsynced; nothing decided, nothing answered",
  "raw-own": "the same with the workload's own rows",
  bare: "the limit: a process of the same runtime that does nothing",
  hono: "the limit: bare Hono on Nexus's listener, one route, the body parsed, nothing stored",
  "node-http": "bare `node:http`, the body parsed, nothing stored",
  "deno-serve": "bare Hono on `Deno.serve`, the body parsed, nothing stored",
}
