/**
 * SQL that changes or takes away rows, in any text of the source; events are told by the name of their table.
 * @module
 */
import type { Statement } from "../../policies/Facts.ts"
import { every, lineAt, type Module, nameOf, type Node, nodesOf } from "../evolve/Module.ts"
import { hole, type Reader } from "./meaning.ts"

type Found = Pick<Statement, "operation" | "table" | "events" | "tombstone"> & { readonly at: number }

const named = [/(^|[._-])events?(_v?\d+)?$/i, /[a-z]Events?$/, /(^|[._-])event[_-]?(log|store|stream|journal)s?$/i]
/** Holds events in the embedded store, and is taken to hold them wherever else it is called so. */
const isEvents = (table: string): boolean => table === "*" || named.some((one) => one.test(table))

/** A name, quoted or not, with its schema before it; a hole is a name that nobody can read. */
const name = String.raw`((?:["\x60\[]?[\w$\0-]+["\x60\]]?\s*\.\s*)*["\x60\[]?[\w$\0-]+["\x60\]]?)`
const begins = String.raw`(?:^|[;({\n]|\b(?:BEGIN|AS|ELSE|THEN)\b)\s*(?:WITH\b[^;]*?\)\s*)?`

/** What stands at the beginning of a statement; triggers that refuse (`BEFORE UPDATE ON`) do not. */
const forms: ReadonlyArray<readonly [operation: string, form: RegExp]> = [
  ["DELETE", String.raw`DELETE\s+FROM\s+(?:ONLY\s+)?${name}`],
  ["UPDATE", String.raw`UPDATE\s+(?:OR\s+\w+\s+|ONLY\s+)?${name}\s+(?:AS\s+\w+\s+|\w+\s+)?SET\b`],
  ["REPLACE", String.raw`(?:REPLACE|INSERT\s+OR\s+REPLACE)\s+INTO\s+${name}`],
  ["DROP", String.raw`DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?${name}`],
  ["TRUNCATE", String.raw`TRUNCATE\s+(?:TABLE\s+)?${name}`],
  ["ALTER", String.raw`ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+|ONLY\s+)*${name}`],
  ["MERGE", String.raw`MERGE\s+INTO\s+${name}`],
].map(([operation, form]) => [operation!, new RegExp(`${begins}${form}`, "gi")] as const)
const upsert = new RegExp(String.raw`${begins}INSERT\s+(?:OR\s+\w+\s+)?INTO\s+${name}[^;]*?\bDO\s+UPDATE\b`, "gi")
const tombstone = new RegExp(String.raw`${begins}INSERT\s+(?:OR\s+\w+\s+)?INTO\s+${name}[^;]*?\$Tombstone`, "gi")
const refusal = /\bDROP\s+TRIGGER\s+(?:IF\s+EXISTS\s+)?["`[]?([\w$]*events?_[\w$]*)/gi

/** `GRANT DELETE ON events`: whoever may, will. */
const grant = new RegExp(
  String
    .raw`${begins}GRANT\s+([^;]*?\b(?:ALL|UPDATE|DELETE|TRUNCATE)\b[^;]*?)\s+ON\s+(?:TABLE\s+)?(?:(ALL\s+TABLES)\b|${name})`,
  "gi",
)
/** The name comes later, as in `text += table`: nobody can read it. */
const cut = /\b(DELETE\s+FROM|(REPLACE|MERGE)\s+INTO|(DROP|ALTER|TRUNCATE)\s+TABLE)\s+$/i

const tableOf = (text: string): string => {
  const table = text.replaceAll(/["`[\]\s]/g, "")
  return table.includes(hole) ? "*" : table
}

/** Comments count as space, so that nothing hides behind one. */
const bareSql = (text: string): string =>
  text.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, " "))

/** `at` is where in the text. */
const statementsIn = (given: string): ReadonlyArray<Found> => {
  if (!/\b(delete|update|replace|drop|truncate|alter|merge|tombstone|grant)\b/i.test(given)) return []
  const text = bareSql(given).replace(cut, (end) => end + hole)
  const all = (operation: string, form: RegExp, ends = false): ReadonlyArray<Found> =>
    [...text.matchAll(form)].map((match) => {
      const table = tableOf(match[1]!)
      const at = match.index + (/^[\s;({]*/.exec(match[0])?.[0].length ?? 0)
      return { operation, table, events: isEvents(table), tombstone: ends, at }
    })
  return [
    ...forms.flatMap(([operation, form]) => all(operation, form)),
    ...all("UPDATE", upsert),
    ...all("INSERT", tombstone, true),
    ...[...text.matchAll(grant)].map(({ 1: rights = "", 2: every, 3: one = "", index }) => {
      const table = every === undefined ? tableOf(one) : "*"
      const operation = `GRANT ${rights.trim().replaceAll(/\s+/g, " ").toUpperCase()}`
      return { operation, table, events: isEvents(table), tombstone: false, at: index }
    }),
    // Of a trigger that guards them: what it refused is allowed from then on.
    ...[...text.matchAll(refusal)].map(({ 1: table = "*", index }) => ({
      ...{ operation: "DROP TRIGGER", table, events: true, tombstone: false, at: index },
    })),
  ].toSorted((a, b) => a.at - b.at)
}

/** Of query builders; what they are given is a table's name. */
const builders = new Map([["deleteFrom", "DELETE"], ["updateTable", "UPDATE"], ["replaceInto", "REPLACE"]])

const place = (file: string, line: number, { at: _, ...found }: Found): Statement => ({
  ...{ kind: "sql", ...found, file, line },
})

export const ofModule = (reader: Reader, module: Module): ReadonlyArray<Statement> => {
  const found: Array<Statement> = []
  const read = (node: Node): void => {
    const text = reader.text(module, node)
    for (const one of statementsIn(text)) {
      const lines = node.type === "TemplateLiteral" ? text.slice(0, one.at).split("\n").length - 1 : 0
      found.push(place(module.path, lineAt(module, node) + lines, one))
    }
  }
  every(module.program, (node) => {
    if (node.type === "Literal" || node.type === "TemplateLiteral") read(node)
    if (node.type === "BinaryExpression" && node["operator"] === "+") {
      read(node)
      return false
    }
    if (node.type !== "CallExpression") return
    // What it is made of is read as a whole; the parts are not looked at once more where that says something.
    const whole = reader.text(module, node)
    if (whole !== hole && statementsIn(whole).length > 0) {
      read(node)
      return false
    }
    const operation = builders.get(nameOf((node["callee"] as Node)["property"]) ?? "")
    const [table] = nodesOf(node["arguments"])
    if (operation === undefined || table === undefined) return
    const name = tableOf(reader.text(module, table))
    found.push(place(module.path, lineAt(module, node), {
      ...{ operation, table: name, events: isEvents(name), tombstone: false, at: 0 },
    }))
  })
  return found
}

export const ofFile = (file: string, text: string): ReadonlyArray<Statement> =>
  statementsIn(text).map((one) => place(file, text.slice(0, one.at).split("\n").length, one))
