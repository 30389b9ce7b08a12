/**
 * The policies on Nexus's own source: no statement of an adapter changes events, and what stores them passes the gate.
 * @module
 */
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import { every, graph, lineAt, type Module, nameOf, type Node } from "../../cli/evolve/Module.ts"
import * as aws from "../../cli/facts/aws.ts"
import { parse } from "../../cli/facts/fixture.ts"
import * as meaning from "../../cli/facts/meaning.ts"
import * as sql from "../../cli/facts/sql.ts"
import { judge } from "../../cli/judge.ts"
import type { Facts, Publisher } from "../../policies/Facts.ts"
import { readTree } from "../source.ts"

/** What breaks a rule and has to, each with its reason. */
const exceptions = [
  // It stores a tombstone and nothing else: reserved, empty, of no contract, so there is no schema to hold it against.
  "registration/not-validated runtime/Close.ts commit",
  // An import brings events back that were stored before, with the times they have; `nexus schemas check --data` reads them.
  "registration/not-validated runtime/Import.ts restore",
  // Tables are made from a list in which the events have no time to live, as a test beside it says.
  "immutability/no-change-by-request runtime/adapters/dynamodb/create.ts dynamodb:UpdateTimeToLive",
  // Its type takes the tables of leases, marks, schemas and the like, and none with events.
  "immutability/no-change-by-request runtime/adapters/dynamodb/rows.ts dynamodb:UpdateItem",
  "immutability/no-change-by-request runtime/adapters/dynamodb/rows.ts dynamodb:DeleteItem",
  // The table was made anew once, with every event copied in the same transaction; who opens an old file runs it still.
  "immutability/no-change-by-sql runtime/adapters/sqlite/migrations.ts ALTER",
  "immutability/no-change-by-sql runtime/adapters/sqlite/migrations.ts DROP",
]

const tree = readTree(".")
const isOwn = (path: string) =>
  /^(core|runtime|edge|cli|infra|policies)\//.test(path) && path.endsWith(".ts") &&
  !/\.(test|laws|types)\.ts$|\/(test[A-Z]|fixture)|^core\/laws\/|^cli\/template\//.test(path)
const all = graph({ parse, read: (path) => tree[path] })
const modules = Object.keys(tree).filter(isOwn).map((path) => all.open("x", `./${path}`) as Module)
const reader = meaning.make(all)

/** Calls that store events, in the modules that work on the ports; validated where the module works with the gate. */
const publishers = modules.filter(({ path }) => /^runtime\/[^/]+\.ts$/.test(path)).flatMap((module) => {
  const found: Array<Publisher> = []
  every(module.program, (node) => {
    if (node.type !== "CallExpression") return
    const callee = node["callee"] as Node
    const name = callee.type === "MemberExpression" ? nameOf(callee["property"]) : undefined
    if (name !== "commit" && name !== "restore") return
    // A span that is called after the commit stores nothing.
    if (nameOf(callee["object"]) === "Trace") return
    const validated = all.reach(module.path).some(({ path }) => path === "runtime/Gate.ts")
    found.push({ path: name, validated, file: module.path, line: lineAt(module, node) })
  })
  return found
})

describe("Nexus itself", () => {
  const statements = modules.flatMap((module) => [...sql.ofModule(reader, module), ...aws.ofModule(reader, module)])
  const facts: Facts = {
    ...{ app: "nexus", services: [], aggregates: [], imports: [], calls: [], events: [], routes: [] },
    ...{ publishers, statements },
  }
  it("is read: the statements of its adapters, the one commit of its actors and that of a tombstone are found", () => {
    assert.isTrue(statements.some(({ operation, table }) => operation === "DELETE" && table === "receipts"))
    const commits = publishers.filter(({ path }) => path === "commit").map(({ file, validated }) => ({
      file,
      validated,
    }))
    assert.deepStrictEqual(commits, [
      { file: "runtime/Close.ts", validated: false },
      { file: "runtime/Tick.ts", validated: true },
    ])
  })
  it("keeps the policies, with the exceptions named here", async () => {
    const { findings } = await Effect.runPromise(judge(facts, "none/app.ts"))
    const found = findings.map(({ file, policy, rule, why }) =>
      `${policy}/${rule} ${file} ${policy === "immutability" ? why.split(" ")[0] : why.split(" ")[2]}`
    )
    assert.deepStrictEqual([...new Set(found)], exceptions)
  })
})
