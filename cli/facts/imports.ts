/**
 * What modules take in from each other, whether it is a contract, and on behalf of which services a module works.
 * @module
 */
import type { Import } from "../../policies/Facts.ts"
import {
  every,
  type Graph,
  isNode,
  lineAt,
  type Module,
  nameOf,
  type Node,
  nodesOf,
  packageOf,
} from "../evolve/Module.ts"
import { isNexus, type Reader } from "./meaning.ts"
import { type Known, ofFile } from "./services.ts"

export interface Taken {
  readonly module: Module
  readonly node: Node
  readonly specifier: string
  /** The own module behind it; nothing for packages, and for what cannot be read. */
  readonly target: Module | undefined
  /** Where it lies, data and what is not there too; nothing for packages. */
  readonly path: string | undefined
  readonly unreadable: boolean
}

const taking = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
  "TSExternalModuleReference",
])

/** A module by its path in other hands than `import`: `new URL("./x.ts", import.meta.url)`, a `require` of one's own. */
const inText = (node: Node): Node | undefined => {
  if (node.type !== "NewExpression" && node.type !== "CallExpression") return undefined
  const [first] = nodesOf(node["arguments"])
  return first?.type === "Literal" && /^\.{1,2}\//.test(nameOf(first) ?? "") ? first : undefined
}

/** Everything that a module takes in, types and `import(…)` included. */
export const takenBy = (graph: Graph, reader: Reader, module: Module): ReadonlyArray<Taken> => {
  const found: Array<Taken> = []
  every(module.program, (node) => {
    const required = node.type === "CallExpression" && nameOf(node["callee"]) === "require"
    const text = required ? undefined : inText(node)
    if (text !== undefined) {
      const specifier = nameOf(text)!
      const target = graph.open(module.path, specifier)
      if (target === undefined || !("bindings" in target)) return
      found.push({ module, node, specifier, target, path: target.path, unreadable: false })
    }
    if (!taking.has(node.type) && !required) return
    const source = required ? nodesOf(node["arguments"])[0] : node["source"] ?? node["expression"] ?? node["argument"]
    if (!isNode(source)) return
    const specifier = reader.text(module, source)
    const unreadable = specifier.includes("\0")
    const target = unreadable ? undefined : graph.open(module.path, specifier)
    const own = target !== undefined && "bindings" in target ? target as Module : undefined
    const path = own?.path ?? (unreadable ? undefined : graph.meant(module.path, specifier))
    found.push({ module, node, specifier: unreadable ? "*" : specifier, target: own, path, unreadable })
  })
  return found
}

const declaresContract = (reader: Reader, module: Module): boolean => {
  let found = false
  every(module.program, (node) => {
    if (node.type !== "CallExpression" || found) return !found
    found = isNexus(reader.of(module, node["callee"] as Node), "Contract", "make")
  })
  return found
}

/** What a browser may have: the contract's own packages, and no behaviour. */
const harmless = (specifier: string) => /^(effect|nexus-actors\/schemas)(\/|$)/.test(packageOf(specifier))

/**
 * The modules that declare a contract, and those of which they are made, as long as none of them reaches beyond schemas.
 * It is what a module holds that counts, not how it is called.
 */
export const contractsOf = (
  reader: Reader,
  modules: ReadonlyArray<Module>,
  taken: (module: Module) => ReadonlyArray<Taken>,
): ReadonlySet<Module> => {
  const found = new Set<Module>()
  for (const root of modules.filter((module) => declaresContract(reader, module))) {
    const closure = new Set<Module>()
    let clean = true
    const visit = (module: Module): void => {
      if (closure.has(module)) return
      closure.add(module)
      for (const { specifier, target, unreadable } of taken(module)) {
        if (target !== undefined) visit(target)
        else if (unreadable || !harmless(specifier)) clean = false
      }
    }
    visit(root)
    if (clean) { for (const module of closure) found.add(module) }
  }
  return found
}

/**
 * On whose behalf a module works: its own service, or, of what lies in none, every service that takes it in. What only
 * puts the application together works for nobody.
 */
export const workersOf = (
  services: ReadonlyArray<Known>,
  modules: ReadonlyArray<Module>,
  taken: (module: Module) => ReadonlyArray<Taken>,
): (module: Module) => ReadonlyArray<string> => {
  const workers = new Map<Module, Set<string>>(modules.map((module) => [module, new Set()]))
  for (const module of modules) {
    const service = ofFile(services, module.path)
    if (service === "") continue
    const seen = new Set<Module>()
    const visit = (module: Module): void => {
      if (seen.has(module)) return
      seen.add(module)
      workers.get(module)?.add(service)
      for (const { target } of taken(module)) {
        if (target !== undefined && ofFile(services, target.path) === "") visit(target)
      }
    }
    visit(module)
  }
  return (module) => [...workers.get(module) ?? []].toSorted()
}

export const across = (
  services: ReadonlyArray<Known>,
  modules: ReadonlyArray<Module>,
  taken: (module: Module) => ReadonlyArray<Taken>,
  workers: (module: Module) => ReadonlyArray<string>,
  contracts: ReadonlySet<Module>,
): ReadonlyArray<Import> =>
  modules.flatMap((module) =>
    taken(module).flatMap(({ node, path, specifier, target, unreadable }) => {
      const to = path === undefined ? "" : ofFile(services, path)
      const place = { specifier, file: module.path, line: lineAt(module, node) }
      if (!unreadable && to === "") return []
      const kind = target !== undefined && contracts.has(target) ? "contract" : "internal"
      return workers(module).flatMap((from) => from === to ? [] : [{ from, to: to || "*", kind, ...place } as const])
    })
  )
