/**
 * Aggregates and events of the running application with the places where their contracts stand, and what the lock says.
 * @module
 */
import type { App } from "../../core/App.ts"
import * as Declared from "../../core/Declared.ts"
import type * as Facts from "../../policies/Facts.ts"
import type { Lock } from "../../schemas/Lock.ts"
import { every, lineAt, type Module, type Node, nodesOf } from "../evolve/Module.ts"
import { isNexus, memberOf, type Reader } from "./meaning.ts"

export interface Place {
  readonly file: string
  readonly line: number
}

/** By `Order` and `Order.OrderPlaced`. */
export const places = (reader: Reader, modules: ReadonlyArray<Module>): ReadonlyMap<string, Place> => {
  const found = new Map<string, Place>()
  for (const module of modules) {
    every(module.program, (node) => {
      if (node.type !== "CallExpression") return
      if (!isNexus(reader.of(module, node["callee"] as Node), "Contract", "make")) return
      const [name, parts] = nodesOf(node["arguments"])
      const aggregate = reader.text(module, name)
      found.set(aggregate, { file: module.path, line: lineAt(module, node) })
      const list = parts && memberOf(parts, "events")
      for (const element of nodesOf(list?.["elements"])) {
        const event = reader.of(module, element)
        if (event?.kind !== "node") continue
        const tag = tagOf(reader, event.module, event.node)
        found.set(`${aggregate}.${tag}`, { file: event.module.path, line: lineAt(event.module, event.node) })
      }
    })
  }
  return found
}

/** The name in `Event.v1("OrderPlaced", …)`, however many versions stand behind it. */
const tagOf = (reader: Reader, module: Module, node: Node): string => {
  let tag = ""
  every(node["superClass"] ?? node, (inner) => {
    if (tag !== "" || inner.type !== "CallExpression") return tag === ""
    if (isNexus(reader.of(module, inner["callee"] as Node), "Event", "v1")) {
      tag = reader.text(module, nodesOf(inner["arguments"])[0])
    }
  })
  return tag
}

export const declared = (
  app: App,
  at: ReadonlyMap<string, Place>,
  fallback: Place,
  lock: Lock,
  serviceOf: (aggregate: string, file: string) => string,
): Pick<Facts.Facts, "aggregates" | "events"> => {
  const placeOf = (aggregate: string, type = "") => at.get(`${aggregate}.${type}`) ?? at.get(aggregate) ?? fallback
  return {
    aggregates: Object.keys(app.aggregates).map((name) => {
      const place = placeOf(name)
      const commands = Object.keys(app.aggregates[name]!.contract.commands)
      return { name, service: serviceOf(name, place.file), commands, ...place }
    }),
    events: Declared.make(app).map(({ aggregate, hash2020, subject, type, version }) => {
      const place = placeOf(aggregate, type)
      const line = lock.revisions.find((one) => one.subject === subject && one.hash2020 === hash2020)
      return {
        ...{ aggregate, type, version, subject, service: serviceOf(aggregate, place.file) },
        route: app.aggregates[aggregate]!.contract.events[type]!.route,
        locked: line !== undefined,
        registered: line !== undefined && line.registryVersion !== null,
        ...place,
      }
    }),
  }
}
