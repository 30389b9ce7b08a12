/**
 * The application's own modules with their top-level names: what each declares, takes in and gives out.
 *
 * Own is what a relative specifier reaches outside `node_modules`; anything else is a package, and is not looked into.
 * @module
 */
import { dirname, join } from "node:path"

/** An ESTree node, types erased. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly [field: string]: unknown
}

/** What a top-level name stands for; of an import `name` is `*` for the whole module. */
export type Binding =
  | { readonly kind: "declared"; readonly node: Node }
  | { readonly kind: "imported"; readonly specifier: string; readonly name: string }

export interface Module {
  readonly path: string
  readonly text: string
  readonly program: Node
  readonly bindings: ReadonlyMap<string, Binding>
  /** Exported names with the local ones. */
  readonly exports: ReadonlyMap<string, string>
  /** Names that are handed on from elsewhere. */
  readonly passed: ReadonlyMap<string, { readonly specifier: string; readonly name: string }>
  /** `export * from`. */
  readonly stars: ReadonlyArray<string>
  /** Specifiers of everything it takes in. */
  readonly specifiers: ReadonlyArray<string>
}

/** Reads what modules need; `read` gives nothing where there is no file. */
export interface Host {
  readonly read: (path: string) => string | undefined
  /** Throws with a sentence where the text is no TypeScript. */
  readonly parse: (path: string, text: string) => Node
  /** The path of an own file that a specifier names by an alias; nothing for a package. */
  readonly alias?: (specifier: string) => string | undefined
}

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string"
/** Parents before children; `visit` answers false where nobody shall look below. */
export const every = (node: unknown, visit: (node: Node) => boolean | void): void => {
  if (Array.isArray(node)) return node.forEach((one) => every(one, visit))
  if (!isNode(node) || visit(node) === false) return
  for (const value of Object.values(node)) if (typeof value === "object") every(value, visit)
}

export const nodesOf = (value: unknown): ReadonlyArray<Node> => Array.isArray(value) ? value.filter(isNode) : []
/** Of an identifier or of a name in quotes. */
export const nameOf = (node: unknown): string | undefined =>
  !isNode(node)
    ? undefined
    : node.type === "Identifier"
    ? node["name"] as string
    : node.type === "Literal" && typeof node["value"] === "string"
    ? node["value"]
    : undefined

/** The names that a pattern binds. */
export const boundBy = (pattern: unknown): ReadonlyArray<string> => {
  if (!isNode(pattern)) return []
  switch (pattern.type) {
    case "Identifier":
      return [pattern["name"] as string]
    case "ObjectPattern":
      return nodesOf(pattern["properties"]).flatMap((one) => boundBy(one["value"] ?? one["argument"]))
    case "ArrayPattern":
      return nodesOf(pattern["elements"]).flatMap(boundBy)
    case "AssignmentPattern":
      return boundBy(pattern["left"])
    case "RestElement":
      return boundBy(pattern["argument"])
    case "TSParameterProperty":
      return boundBy(pattern["parameter"])
    default:
      return []
  }
}

/** The package of a specifier as Deno may write it: `npm:@a/b@1.2/c` is `@a/b/c`. */
export const packageOf = (specifier: string): string =>
  specifier.replace(/^npm:\/?((?:@[^/@]+\/)?[^/@]+)(?:@[^/]*)?/, "$1")

/** The default export, where it has no name of its own. */
const unnamed = "*default*"

export const make = (path: string, text: string, program: Node): Module => {
  const bindings = new Map<string, Binding>()
  const exports = new Map<string, string>()
  const passed = new Map<string, { specifier: string; name: string }>()
  const stars: Array<string> = []
  const specifiers: Array<string> = []
  const declare = (node: Node): ReadonlyArray<string> => {
    const pairs = node.type === "VariableDeclaration"
      ? nodesOf(node["declarations"]).flatMap((one) => boundBy(one["id"]).map((name) => [name, one] as const))
      : /^(Function|Class|TSEnum)Declaration$/.test(node.type)
      ? [[nameOf(node["id"]) ?? unnamed, node] as const]
      : []
    for (const [name, declared] of pairs) bindings.set(name, { kind: "declared", node: declared })
    return pairs.map(([name]) => name)
  }
  for (const node of nodesOf(program["body"])) {
    const specifier = nameOf(node["source"])
    if (specifier !== undefined) specifiers.push(specifier)
    if (node.type === "ImportDeclaration") {
      for (const one of nodesOf(node["specifiers"])) {
        const whole = one.type === "ImportNamespaceSpecifier"
        const name = whole ? "*" : one.type === "ImportDefaultSpecifier" ? "default" : nameOf(one["imported"])!
        bindings.set(nameOf(one["local"])!, { kind: "imported", specifier: specifier!, name })
      }
    } else if (node.type === "ExportAllDeclaration") {
      const name = nameOf(node["exported"])
      if (name === undefined) stars.push(specifier!)
      else passed.set(name, { specifier: specifier!, name: "*" })
    } else if (node.type === "ExportNamedDeclaration") {
      for (const one of nodesOf(node["specifiers"])) {
        const [local, exported] = [nameOf(one["local"])!, nameOf(one["exported"])!]
        if (specifier === undefined) exports.set(exported, local)
        else passed.set(exported, { specifier, name: local })
      }
      const { declaration } = node
      if (isNode(declaration)) { for (const name of declare(declaration)) exports.set(name, name) }
    } else if (node.type === "ExportDefaultDeclaration") {
      const declaration = node["declaration"] as Node
      const [name = unnamed] = declare(declaration)
      if (declaration.type === "Identifier") exports.set("default", declaration["name"] as string)
      else exports.set("default", name)
      if (!bindings.has(name)) bindings.set(unnamed, { kind: "declared", node: declaration })
    } else declare(node)
  }
  return { path, text, program, bindings, exports, passed, stars, specifiers }
}

export const lineAt = ({ text }: Module, { start }: Node): number => text.slice(0, start).split("\n").length

/** An own declaration, a whole own module, something of a package, or a file that is no module. */
export type Target =
  | { readonly kind: "declared"; readonly module: Module; readonly name: string; readonly node: Node }
  | { readonly kind: "module"; readonly module: Module }
  | { readonly kind: "foreign"; readonly specifier: string; readonly name: string }
  | { readonly kind: "file"; readonly path: string; readonly text: string }

/** The modules of one application, each read and parsed once, and what their names lead to. */
export const graph = ({ alias, parse, read }: Host) => {
  const modules = new Map<string, Module | undefined>()

  const moduleAt = (path: string): Module | undefined => {
    if (modules.has(path)) return modules.get(path)
    const text = read(path)
    const module = text === undefined ? undefined : make(path, text, parse(path, text))
    modules.set(path, module)
    return module
  }
  const isCode = (path: string) => /\.[cm]?[jt]sx?$/.test(path)
  /** As the specifier says, as TypeScript writes it for JavaScript, or without an extension. */
  const candidates = (path: string) => [
    ...[path, path.replace(/\.([cm]?)js(x?)$/, ".$1ts$2")],
    ...[".ts", "/index.ts", ".tsx", ".js", "/index.tsx", "/index.js"].map((end) => path + end),
  ]

  /** The path that a specifier means, whether a file is there or not; nothing for a package. */
  const meant = (from: string, specifier: string): string | undefined =>
    /^\.{1,2}(\/|$)/.test(specifier) ? join(dirname(from), specifier) : alias?.(specifier)

  /** Nothing for a package. */
  const open = (
    from: string,
    specifier: string,
  ): Module | { readonly path: string; readonly text: string } | undefined => {
    const at = meant(from, specifier)
    if (at === undefined) return undefined
    for (const path of candidates(at)) {
      if (/(^|[\\/])node_modules[\\/]/.test(path)) return undefined
      const text = isCode(path) ? moduleAt(path) : path.endsWith(".ts") ? undefined : read(path)
      if (typeof text === "string") return { path, text }
      if (text !== undefined) return text
    }
    return undefined
  }

  const exported = (module: Module, name: string, seen = new Set<string>()): Target | undefined => {
    const key = `${module.path}\n${name}`
    if (seen.has(key)) return undefined
    seen.add(key)
    const local = module.exports.get(name)
    if (local !== undefined) return named(module, local, seen)
    const passed = module.passed.get(name)
    if (passed !== undefined) return taken(module, passed.specifier, passed.name, seen)
    if (name === "default") return undefined
    const starred = module.stars.map((specifier) => taken(module, specifier, name, seen))
    // A package might give any name: own modules are asked first.
    return starred.find((target) => target !== undefined && target.kind !== "foreign") ??
      starred.find((target) => target !== undefined)
  }

  const taken = (module: Module, specifier: string, name: string, seen?: Set<string>): Target | undefined => {
    const found = open(module.path, specifier)
    if (found === undefined) return { kind: "foreign", specifier: packageOf(specifier), name }
    if (!("program" in found)) return { kind: "file", ...found }
    return name === "*" ? { kind: "module", module: found } : exported(found, name, seen)
  }

  /** What a top-level name of a module leads to; nothing where the module has no such name. */
  const named = (module: Module, name: string, seen?: Set<string>): Target | undefined => {
    const binding = module.bindings.get(name)
    if (binding === undefined) return undefined
    return binding.kind === "declared"
      ? { kind: "declared", module, name, node: binding.node }
      : taken(module, binding.specifier, binding.name, seen)
  }

  /** The module at `entry` and all own ones that it reaches. */
  const reach = (entry: string): ReadonlyArray<Module> => {
    const found = new Map<string, Module>()
    const visit = (module: Module | undefined): void => {
      if (module === undefined || found.has(module.path)) return
      found.set(module.path, module)
      for (const specifier of module.specifiers) {
        const next = open(module.path, specifier)
        if (next !== undefined && "program" in next) visit(next)
      }
    }
    visit(moduleAt(entry))
    return [...found.values()]
  }

  return { exported, meant, named, open, reach }
}
export type Graph = ReturnType<typeof graph>
