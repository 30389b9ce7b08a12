/**
 * To which events of other services the consumers of the running application listen, and where each is declared.
 * @module
 */
import type { App } from "../../core/App.ts"
import type { Call } from "../../policies/Facts.ts"
import { every, lineAt, type Module, type Node, nodesOf } from "../evolve/Module.ts"
import type { Owners } from "./calls.ts"
import type { Place } from "./declared.ts"
import { isNexus, type Reader } from "./meaning.ts"
import { ofFile } from "./services.ts"

/** By the names of consumers, as far as their names are written out. */
const places = (reader: Reader, modules: ReadonlyArray<Module>): ReadonlyMap<string, Place> => {
  const found = new Map<string, Place>()
  for (const module of modules) {
    every(module.program, (node) => {
      if (node.type !== "CallExpression") return
      if (!isNexus(reader.of(module, node["callee"] as Node), "Consumer", "make")) return
      const name = reader.text(module, nodesOf(node["arguments"])[0])
      found.set(name, { file: module.path, line: lineAt(module, node) })
    })
  }
  return found
}

/** One fact for each event type; a consumer that cannot be found in the source stands in no service, and at the entry. */
export const subscriptions = (
  app: App,
  reader: Reader,
  owners: Owners,
  modules: ReadonlyArray<Module>,
  home: Place,
): ReadonlyArray<Call> => {
  const at = places(reader, modules)
  return Object.values(app.consumers).flatMap(({ contract, events, name }) => {
    const place = at.get(name)
    const from = place === undefined ? "" : ofFile(owners.services, place.file)
    const to = owners.of(contract.aggregate)
    if (to === "" || from === to) return []
    return events.map((type): Call => ({
      ...{ from, to, aggregate: `${contract.aggregate}.${type}`, how: "event" },
      ...place ?? home,
    }))
  })
}
