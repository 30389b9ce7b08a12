/**
 * What an expression of the application's source stands for, as far as that can be read without running it.
 * @module
 */
import {
  boundBy,
  every,
  type Graph,
  isNode,
  type Module,
  nameOf,
  type Node,
  nodesOf,
  packageOf,
  type Target,
} from "../evolve/Module.ts"

/**
 * Something of a package by its path (`Actors`, `ask`; `*` is what `yield*` or `await` gave), or an own node or module. A
 * name that the module does not declare, a global or a parameter, is of no package.
 */
export type Meaning =
  | { readonly kind: "foreign"; readonly specifier: string; readonly path: ReadonlyArray<string> }
  | { readonly kind: "module"; readonly module: Module }
  | { readonly kind: "node"; readonly module: Module; readonly node: Node }

/** Stands in a text for what cannot be read. */
export const hole = "\0"

const wrappers = new Set([
  "TSAsExpression",
  "TSNonNullExpression",
  "TSSatisfiesExpression",
  "TSInstantiationExpression",
  "TSTypeAssertion",
  "ParenthesizedExpression",
  "ChainExpression",
])
const bare = (node: Node): Node => wrappers.has(node.type) ? bare(node["expression"] as Node) : node

const locals = new WeakMap<Module, ReadonlyMap<string, ReadonlyArray<Node>>>()
/** The declarators of a module by the names they bind, defaults of parameters too: of an inner name the last one above its use counts. */
const declaratorsOf = (module: Module): ReadonlyMap<string, ReadonlyArray<Node>> => {
  const known = locals.get(module)
  if (known !== undefined) return known
  const found = new Map<string, Array<Node>>()
  every(module.program, (node) => {
    const isDefault = node.type === "AssignmentPattern" && nameOf(node["left"]) !== undefined
    if (node.type !== "VariableDeclarator" && !isDefault) return
    const one = isDefault ? { ...node, type: "VariableDeclarator", id: node["left"], init: node["right"] } : node
    for (const name of boundBy(one["id"])) found.set(name, [...found.get(name) ?? [], one])
  })
  locals.set(module, found)
  return found
}

const keyIn = (pattern: Node, name: string): string | undefined =>
  nameOf(
    nodesOf(pattern["properties"]).find((one) => {
      const value = one["value"]
      return nameOf(isNode(value) && value.type === "AssignmentPattern" ? value["left"] : value) === name
    })?.["key"],
  )

/** The property `name` of an object that is written out. */
export const memberOf = (object: Node, name: string): Node | undefined => {
  const found = nodesOf(object["properties"]).find((one) => one["computed"] !== true && nameOf(one["key"]) === name)
  return isNode(found?.["value"]) ? found["value"] : undefined
}

const depthMax = 32

export const make = (graph: Graph) => {
  const ofTarget = (target: Target | undefined, name: string, depth: number): Meaning | undefined => {
    switch (target?.kind) {
      case "foreign":
        return { kind: "foreign", specifier: target.specifier, path: target.name === "*" ? [] : [target.name] }
      case "module":
        return target
      case "declared":
        return declared(target.module, target.node, name, depth)
      default:
        return undefined
    }
  }
  const declared = (module: Module, node: Node, name: string, depth: number): Meaning | undefined => {
    if (node.type !== "VariableDeclarator") return { kind: "node", module, node }
    const { id, init } = node as unknown as { readonly id: Node; readonly init: unknown }
    if (!isNode(init)) return undefined
    if (id.type === "Identifier") return of(module, init, depth + 1)
    const key = id.type === "ObjectPattern" ? keyIn(id, name) : undefined
    return key === undefined ? undefined : member(of(module, init, depth + 1), key, depth + 1)
  }
  const member = (whole: Meaning | undefined, name: string, depth: number): Meaning | undefined => {
    if (whole?.kind === "foreign") return { ...whole, path: [...whole.path, name] }
    if (whole?.kind === "module") return ofTarget(graph.exported(whole.module, name), name, depth)
    const found = whole?.node.type === "ObjectExpression" ? memberOf(whole.node, name) : undefined
    return whole === undefined || found === undefined ? undefined : of(whole.module, found, depth + 1)
  }

  /** What an awaited `import()` gives. */
  const loaded = (module: Module, node: Node, depth: number): Meaning | undefined => {
    const specifier = text(module, node["source"], depth + 1)
    const found = specifier.includes(hole) ? undefined : graph.open(module.path, specifier)
    if (found !== undefined) return "bindings" in found ? { kind: "module", module: found as Module } : undefined
    return { kind: "foreign", specifier: packageOf(specifier), path: [] }
  }

  /** Nothing where it cannot be told. */
  const of = (module: Module, given: Node, depth = 0): Meaning | undefined => {
    if (depth > depthMax) return undefined
    const node = bare(given)
    switch (node.type) {
      case "Identifier": {
        const name = node["name"] as string
        const local = declaratorsOf(module).get(name)?.findLast((one) => one.start < node.start)
        const found = graph.named(module, name)
        if (found !== undefined) return ofTarget(found, name, depth + 1)
        return local !== undefined
          ? declared(module, local, name, depth)
          : { kind: "foreign", specifier: "", path: [name] }
      }
      case "MemberExpression": {
        const property = node["property"] as Node
        const name = node["computed"] === true ? text(module, property, depth + 1) : nameOf(property) ?? hole
        return name.includes(hole) ? undefined : member(of(module, node["object"] as Node, depth + 1), name, depth)
      }
      case "YieldExpression":
      case "AwaitExpression": {
        const given = isNode(node["argument"]) ? bare(node["argument"]) : undefined
        if (given?.type === "ImportExpression") return loaded(module, given, depth)
        const found = given && of(module, given, depth + 1)
        return found?.kind === "foreign" ? { ...found, path: [...found.path, "*"] } : found
      }
      default:
        return { kind: "node", module, node }
    }
  }

  /** The text of `[…].join(" ")`, `"…".concat(…)` and the like. */
  const called = (module: Module, { arguments: given, callee }: Node, depth: number): string => {
    if (!isNode(callee) || callee.type !== "MemberExpression") return hole
    const whole = bare(callee["object"] as Node)
    const texts = (nodes: unknown) => nodesOf(nodes).map((one) => text(module, one, depth))
    const method = nameOf(callee["property"])
    if (method === "join" && whole.type === "ArrayExpression") {
      return texts(whole["elements"]).join(texts(given)[0] ?? ",")
    }
    if (method === "concat") return [text(module, whole, depth), ...texts(given)].join("")
    return method === "trim" || method === "toString" ? text(module, whole, depth) : hole
  }

  /** The text that an expression gives, with a `hole` for each part that is not written out. */
  const text = (module: Module, given: unknown, depth = 0): string => {
    if (!isNode(given) || depth > depthMax) return hole
    const node = bare(given)
    switch (node.type) {
      case "Literal":
        return typeof node["value"] === "string" ? node["value"] : `${node["value"]}`
      case "TaggedTemplateExpression":
        return text(module, node["quasi"], depth + 1)
      case "TemplateLiteral": {
        const holes = nodesOf(node["expressions"]).map((one) => text(module, one, depth + 1))
        return nodesOf(node["quasis"]).map((one, index) =>
          `${(one["value"] as { readonly cooked: string | null }).cooked ?? hole}${holes[index] ?? ""}`
        ).join("")
      }
      case "BinaryExpression":
        return node["operator"] === "+"
          ? text(module, node["left"], depth + 1) + text(module, node["right"], depth + 1)
          : hole
      case "CallExpression":
        return called(module, node, depth + 1)
      case "NewExpression": {
        const [path, base] = nodesOf(node["arguments"])
        if (nameOf(node["callee"]) !== "URL") return hole
        return base === undefined
          ? text(module, path, depth + 1)
          : `${text(module, base, depth + 1)}${text(module, path, depth + 1)}`
      }
      default: {
        const found = of(module, node, depth + 1)
        return found?.kind === "node" && found.node !== node ? text(found.module, found.node, depth + 1) : hole
      }
    }
  }

  /** Whether a module takes a name in from Nexus, a type too, or may: then what it is called on must be looked at. */
  const takes = (module: Module, name: string): boolean =>
    /\bimport\s*\(\s*["'](npm:\/?)?nexus-actors\b/.test(module.text) ||
    [...module.bindings].some(([local, binding]) => {
      const found = binding.kind === "imported" ? ofTarget(graph.named(module, local), local, 0) : undefined
      return isNexus(found, name) || isNexus(found, name, name) || isNexus(found)
    })
  return { of, takes, text }
}
export type Reader = ReturnType<typeof make>

/** A parameter, a global, or what cannot be told: nobody says that it is not what it is called. */
export const isOpen = (meaning: Meaning | undefined): boolean =>
  meaning === undefined || (meaning.kind === "foreign" && meaning.specifier === "")

/** Something that Nexus exports: `isNexus(meaning, "Actors", "ask")`. */
export const isNexus = (meaning: Meaning | undefined, ...path: ReadonlyArray<string>): boolean =>
  meaning?.kind === "foreign" && meaning.specifier.startsWith("nexus-actors/") &&
  path.length === meaning.path.length && path.every((name, index) => meaning.path[index] === name)
