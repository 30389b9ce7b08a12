/**
 * A piece of code and everything of the application that it uses as one text: the same for two spellings of one thing.
 *
 * Types, comments, white space, the names of locals and of top-level declarations, and the files in which those stand do
 * not show in it. What a package does is only its name here.
 * @module
 */
import { boundBy, type Graph, isNode, type Module, nameOf, type Node, nodesOf, type Target } from "./Module.ts"

/** Local names with their numbers, inner scopes first. */
interface Scope {
  readonly names: ReadonlyMap<string, number>
  readonly outer: Scope | undefined
}

/** Erased before the program runs. */
const wrappers = new Set([
  "ParenthesizedExpression",
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSNonNullExpression",
  "TSTypeAssertion",
  "TSInstantiationExpression",
])
const erased = new Set(["EmptyStatement", "TSTypeAliasDeclaration", "TSInterfaceDeclaration", "TSDeclareFunction"])
/** Places, types and spellings; what else is absent, false or empty does not show either. */
const skipped = new Set([
  ...["type", "start", "end", "range", "loc", "parent", "raw", "shorthand", "typeAnnotation", "returnType"],
  ...["typeParameters", "typeArguments", "superTypeArguments", "implements", "accessibility", "readonly", "override"],
  ...["declare", "definite", "abstract"],
])

const isFunction = ({ type }: Node): boolean =>
  /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type)

/** What the statements of one block declare themselves. */
const blockNames = (statements: unknown): ReadonlyArray<string> =>
  nodesOf(statements).flatMap((node) =>
    node.type === "VariableDeclaration" && node["kind"] !== "var"
      ? nodesOf(node["declarations"]).flatMap(({ id }) => boundBy(id))
      : /^(Function|Class)Declaration$/.test(node.type)
      ? boundBy(node["id"])
      : []
  )
/** `var`s belong to the function, however deep they stand. */
const varNames = (value: unknown): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.flatMap(varNames)
  if (!isNode(value) || isFunction(value) || /^Class/.test(value.type)) return []
  const own = value.type === "VariableDeclaration" && value["kind"] === "var"
    ? nodesOf(value["declarations"]).flatMap(({ id }) => boundBy(id))
    : []
  return [...own, ...Object.values(value).flatMap(varNames)]
}

/** The names that `node` brings into being for what stands inside it. */
const declaredIn = (node: Node): ReadonlyArray<string> => {
  if (isFunction(node)) {
    const own = node.type === "FunctionExpression" ? boundBy(node["id"]) : []
    return [...own, ...nodesOf(node["params"]).flatMap(boundBy), ...varNames(node["body"])]
  }
  switch (node.type) {
    case "BlockStatement":
    case "StaticBlock":
      return blockNames(node["body"])
    case "SwitchStatement":
      return nodesOf(node["cases"]).flatMap(({ consequent }) => blockNames(consequent))
    case "ForStatement":
      return blockNames([node["init"]])
    case "ForInStatement":
    case "ForOfStatement":
      return blockNames([node["left"]])
    case "CatchClause":
      return boundBy(node["param"])
    case "ClassExpression":
      return boundBy(node["id"])
    default:
      return []
  }
}

/** A name there, not a reference: `.key`, `{ key: … }`, `label:`. */
const isPlainName = (node: Node, field: string): boolean =>
  (field === "property" && node.type === "MemberExpression" && node["computed"] !== true) ||
  (field === "key" && node["computed"] !== true) || field === "label" ||
  (node.type === "TSEnumMember" && field === "id") || node.type === "MetaProperty"

export interface Written {
  readonly text: string
  /** Own files that it uses, the first one included. */
  readonly files: ReadonlyArray<string>
  /** Packages that it uses, into which nobody looked. */
  readonly packages: ReadonlyArray<string>
}

/** Writes `roots`, each in the scope of its module, then all that they lead to, in the order in which it is met. */
export const write = (
  graph: Graph,
  roots: ReadonlyArray<{ readonly module: Module; readonly node: Node; readonly label: string }>,
): Written => {
  const out: Array<string> = []
  const files = new Set<string>()
  const packages = new Set<string>()
  const numbers = new Map<string, number>()
  const waiting: Array<Extract<Target, { kind: "declared" }>> = []
  let locals = 0

  const refer = (target: Target): void => {
    if (target.kind === "foreign") {
      packages.add(target.specifier)
      out.push(`package(${JSON.stringify([target.specifier, target.name])})`)
    } else if (target.kind === "file") {
      files.add(target.path)
      out.push(`file(${JSON.stringify(target.text)})`)
    } else if (target.kind === "module") {
      files.add(target.module.path)
      out.push("module(")
      for (const name of [...target.module.exports.keys()].toSorted()) {
        out.push(`${JSON.stringify(name)}:`)
        const found = graph.exported(target.module, name)
        if (found !== undefined) refer(found)
      }
      out.push(")")
    } else {
      const key = `${target.module.path}\n${target.name}`
      if (!numbers.has(key)) {
        numbers.set(key, numbers.size)
        waiting.push(target)
      }
      out.push(`#${numbers.get(key)}`)
    }
  }

  const writer = (module: Module) => {
    files.add(module.path)
    const identifier = (name: string, scope: Scope | undefined): void => {
      for (let at = scope; at !== undefined; at = at.outer) {
        const number = at.names.get(name)
        if (number !== undefined) return void out.push(`$${number}`)
      }
      const target = graph.named(module, name)
      if (target === undefined) out.push(`global(${JSON.stringify(name)})`)
      else refer(target)
    }
    const isLocal = (name: string, scope: Scope | undefined): boolean =>
      scope !== undefined && (scope.names.has(name) || isLocal(name, scope.outer))

    const value = (value: unknown, scope: Scope | undefined): void => {
      if (Array.isArray(value)) {
        out.push("[")
        for (const one of value) if (!isNode(one) || !erased.has(one.type)) item(one, scope)
        out.push("]")
      } else if (isNode(value)) node(value, scope)
      else if (typeof value === "object" && value !== null) out.push(JSON.stringify(value))
      else out.push(typeof value === "bigint" ? `${value}n` : JSON.stringify(value) ?? "null")
    }
    const item = (one: unknown, scope: Scope | undefined): void => {
      value(one, scope)
      out.push(",")
    }

    const node = (one: Node, outer: Scope | undefined): void => {
      if (wrappers.has(one.type)) return node(one["expression"] as Node, outer)
      if (one.type === "Identifier") return identifier(one["name"] as string, outer)
      if (one.type === "Literal") {
        const { bigint, regex, value } = one
        return void out.push(
          regex !== undefined ? JSON.stringify(regex) : bigint ? `${bigint}n` : JSON.stringify(value),
        )
      }
      if (one.type === "TemplateElement") {
        return void out.push(JSON.stringify((one["value"] as { cooked: string }).cooked))
      }
      const member = one.type === "MemberExpression" && one["computed"] !== true ? nameOf(one["object"]) : undefined
      // `O.left` of `import * as O` is the one declaration, not the whole module.
      if (member !== undefined && !isLocal(member, outer)) {
        const whole = graph.named(module, member)
        const found = whole?.kind === "module" ? graph.exported(whole.module, nameOf(one["property"])!) : undefined
        if (found !== undefined) return refer(found)
      }
      const names = declaredIn(one)
      const scope = names.length === 0 ? outer : { names: new Map(names.map((name) => [name, locals++])), outer }
      out.push(`${one.type}(`)
      for (const field of Object.keys(one).filter((field) => !skipped.has(field)).toSorted()) {
        const inner = one[field]
        if (inner === null || inner === undefined || inner === false) continue
        if (Array.isArray(inner) && inner.length === 0) continue
        // A top-level declaration is known by its number.
        if (field === "id" && outer === undefined && /Declaration$/.test(one.type)) continue
        out.push(`${field}:`)
        const name = isPlainName(one, field) ? nameOf(inner) : undefined
        if (name !== undefined) out.push(JSON.stringify(name))
        else value(inner, scope)
        out.push(";")
      }
      out.push(")")
    }
    return node
  }

  for (const { label, module, node } of roots) {
    out.push(`\n${label}=`)
    writer(module)(node, undefined)
  }
  for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
    const { module, name, node } = target
    out.push(`\n#${numbers.get(`${module.path}\n${name}`)}=`)
    if (node.type !== "VariableDeclarator") {
      writer(module)(node, undefined)
      continue
    }
    const whole = nameOf(node["id"]) !== undefined
    // Of `const { a, b } = c` each name is a part of the same value.
    if (!whole) out.push(`part ${JSON.stringify(boundBy(node["id"]).indexOf(name))} of `)
    if (!whole) writer(module)(node["id"] as Node, undefined)
    if (isNode(node["init"])) writer(module)(node["init"], undefined)
  }
  return { text: out.join(""), files: [...files].toSorted(), packages: [...packages].toSorted() }
}
