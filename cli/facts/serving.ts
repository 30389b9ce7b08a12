/**
 * How an application is served, and the ways on which events come to be stored: entries with their limits, routes of
 * commands, and whatever goes past the actors.
 * @module
 */
import type { Limits } from "../../core/Limits.ts"
import type { RouteFact } from "../../edge/table.ts"
import type { Publisher, Route } from "../../policies/Facts.ts"
import { every, isNode, lineAt, type Module, nameOf, type Node, nodesOf } from "../evolve/Module.ts"
import type { Place } from "./declared.ts"
import { isNexus, isOpen, memberOf, type Reader } from "./meaning.ts"

/** A call of `serve` or `start`; without `limits` where they cannot be read. */
export interface Entry extends Place {
  readonly limits: Partial<Limits> | undefined
}

const numberOf = (reader: Reader, module: Module, node: unknown): number => {
  const text = reader.text(module, node)
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
}

const limitsOf = (reader: Reader, module: Module, options: Node | undefined): Entry["limits"] => {
  if (options === undefined) return {}
  const given = reader.of(module, options)
  if (given?.kind !== "node" || given.node.type !== "ObjectExpression") return undefined
  // What is spread may hold limits, too.
  if (nodesOf(given.node["properties"]).some(({ computed, type }) => type !== "Property" || computed === true)) {
    return undefined
  }
  const member = memberOf(given.node, "limits")
  if (member === undefined) return {}
  const limits = reader.of(given.module, member)
  if (limits?.kind !== "node" || limits.node.type !== "ObjectExpression") return undefined
  const pairs = nodesOf(limits.node["properties"]).map((one) =>
    [nameOf(one["key"]) ?? "", numberOf(reader, limits.module, one["value"])] as const
  )
  return pairs.some(([, number]) => Number.isNaN(number)) ? undefined : Object.fromEntries(pairs)
}

export const entries = (reader: Reader, modules: ReadonlyArray<Module>): ReadonlyArray<Entry> => {
  const found: Array<Entry> = []
  for (const module of modules) {
    every(module.program, (node) => {
      if (node.type !== "CallExpression") return
      const meaning = reader.of(module, node["callee"] as Node)
      if (!isNexus(meaning, "serve") && !isNexus(meaning, "start")) return
      const limits = limitsOf(reader, module, nodesOf(node["arguments"])[1])
      found.push({ file: module.path, line: lineAt(module, node), limits })
    })
  }
  return found
}

/** Each entry's routes; of an entry whose limits cannot be read, none is known to hold. */
export const routes = (
  entries: ReadonlyArray<Entry>,
  table: (limits: Partial<Limits>) => ReadonlyArray<RouteFact>,
): ReadonlyArray<Route> =>
  entries.flatMap(({ file, limits, line }) =>
    table(limits ?? {}).map(({ limit, method, path, temporal }) => ({
      ...{ method, path, temporal },
      limit: limit === null || limits === undefined
        ? null
        : { requests: limit.queries, windowSeconds: limit.queryWindowMs / 1000, per: "client" } as const,
      ...{ file, line },
    }))
  )

/** Ports that store or send events by themselves: whoever calls them goes past the actors, which check. */
const ports = [["EventStore", "commit"], ["Archive", "restore"], ["EventBus", "publish"]] as const

export const publishers = (
  reader: Reader,
  modules: ReadonlyArray<Module>,
  routes: ReadonlyArray<RouteFact>,
  app: Place,
): ReadonlyArray<Publisher> => {
  const found: Array<Publisher> = routes.filter(({ path }) => path.includes("/commands/"))
    .map(({ method, path }) => ({ path: `${method} ${path}`, validated: true, file: app.file, line: app.line }))
  for (const module of modules) {
    const past = new Map<string, Publisher>()
    const add = (node: Node, path: string) => {
      const line = lineAt(module, node)
      past.set(`${path} ${line}`, { path, validated: false, file: module.path, line })
    }
    const known = ports.filter(([port]) => reader.takes(module, port))
    every(module.program, (node) => {
      if (/^Import/.test(node.type) && isNode(node["source"])) return false
      if (node.type === "MemberExpression") {
        const meaning = reader.of(module, node)
        if (isNexus(meaning, "Gate", "Gate", "layerOpen") || isNexus(meaning, "Gate", "layerOpen")) {
          add(node, "Gate.layerOpen")
        }
        for (const [port, method] of ports) {
          if (isNexus(meaning, port, port, "*", method)) add(node, `${port}.${method}`)
        }
      }
      if (node.type !== "CallExpression" || nodesOf(node["arguments"]).length === 0) return
      const callee = node["callee"] as Node
      const name = nameOf(callee.type === "MemberExpression" ? callee["property"] : callee)
      const meaning = reader.of(module, callee)
      for (const [port, method] of known) {
        // A store that somebody hands in, as by `Effect.flatMap(EventStore.EventStore, (store) => …)`.
        const given = name === method && isOpen(meaning)
        if (given || isNexus(meaning, port, port, "*", method)) add(node, `${port}.${method}`)
      }
    })
    found.push(...past.values())
  }
  return found
}
