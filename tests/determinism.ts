/**
 * What computes may not ask: the clock, chance, timers, the console. Same input, same output, for ever.
 *
 * Three circles. Contracts and aggregates (`isPure`) get what they need told: not even a service gives them the time. Core
 * beside them may ask the services that the simulation plays. The runtime may also wait, but not look at a clock of its own.
 * @module
 */
import { globals, isExampleEntry, isTest } from "./imports.ts"
import { dotted, literal, type Node, type Source, type Visited } from "./source.ts"

const isPure = (path: string) =>
  /^(schemas|examples|cli\/template)\//.test(path) && !isTest(path) && !isExampleEntry(path)
const isDeterministic = (path: string) => isPure(path) || (path.startsWith("core/") && !isTest(path))
/** The simulation steps these through services. */
const isSimulated = (path: string) =>
  /^(runtime|testing)\//.test(path) && !/^(runtime\/adapters\/|testing\/(sim|deno|vitest|unhooked)\.ts)/.test(path) &&
  !isTest(path)

const members =
  /^(Date\.now|Math\.random|performance\.now|Temporal\.Now|DateTime\.nowUnsafe|(.+\.)?(randomUUID|getRandomValues))$/
/** Beside `decide` and `evolve` no service is asked either: `context` tells the time and gives ids. */
const services = /^((Clock|Random)\.\w+|DateTime\.now\w*|Effect\.clock(With)?)$/
const strictMembers = /^Intl\.DateTimeFormat$/
const names = new Set(["console", "setTimeout", "setInterval", "randomUUID", "getRandomValues"])
const strictNames = new Set(["setImmediate", "queueMicrotask", "fetch", "WebSocket"])
/** Under another name, or taken apart, they could not be seen any more. */
const holders = new Set(["Date", "Math", "performance", "crypto", "Temporal", "globalThis"])

/** `a.b` of a chain of names, also written `a["b"]` or `a?.b`, without `globalThis` before it. */
const named = (node: unknown): string | undefined => {
  const { computed, expression, object, property, type } = (node ?? {}) as Node
  if (type === "ChainExpression") return named(expression)
  if (type !== "MemberExpression") return dotted(node)
  const [of, key] = [named(object), computed === true ? literal(property) : dotted(property)]
  if (of === undefined || key === undefined) return undefined
  return of === "globalThis" ? key : `${of}.${key}`
}

const isNamedImport = ({ type }: Node) => type === "ImportSpecifier" || type === "ImportNamespaceSpecifier"

const wordsOf = (source: Source, visited: Visited): ReadonlyArray<string> => {
  const [{ key, node, parent }, strict] = [visited, isDeterministic(source.path)]
  const pure = isPure(source.path)
  if (node.type === "MemberExpression") {
    const name = named(node) ?? ""
    const isBanned = members.test(name) || (strict && strictMembers.test(name)) || (pure && services.test(name)) ||
      names.has(name) || (strict && strictNames.has(name))
    return isBanned ? [name] : []
  }
  if (node.type === "NewExpression" || node.type === "CallExpression") {
    const isNow = (node["arguments"] as ReadonlyArray<unknown>).length === 0 || node.type === "CallExpression"
    return named(node["callee"]) === "Date" && isNow ? ["Date without an argument"] : []
  }
  // A service under a name of one's own is the same service.
  if (pure && isNamedImport(node)) {
    const [imported, local] = [dotted(node["imported"]) ?? dotted(node["local"])!, dotted(node["local"])!]
    if (/^(Clock|Random)$/.test(imported)) return [imported]
    return imported === "DateTime" && local !== imported ? ["DateTime under another name"] : []
  }
  const isHolder = node.type === "Identifier" && holders.has(node["name"] as string) &&
    !/^(TS|Import|Export)/.test(parent?.type ?? "")
  if (!isHolder) return []
  const isUsed = key === "callee" ||
    (key === "object" && (parent?.["computed"] !== true || literal(parent["property"]) !== undefined)) ||
    (key === "right" && parent?.["operator"] === "instanceof") ||
    (key === "property" && parent?.["computed"] === false) ||
    (key === "key" && parent?.["shorthand"] !== true)
  return isUsed || !globals(source).includes(node["name"] as string) ? [] : [`${node["name"]} as a value`]
}

const syntax = ({ node }: Visited): ReadonlyArray<string> =>
  node.type === "TryStatement"
    ? ["try"]
    : node.type === "AwaitExpression" || node["await"] === true
    ? ["await"]
    : node["async"] === true
    ? ["async"]
    : []

/** `accept({ _tag: … })` passes the types where a literal of an event would not: excess fields are not looked at. */
const literals = ({ node }: Visited): ReadonlyArray<string> => {
  const args = node.type === "CallExpression" && /^(.+\.)?accept$/.test(dotted(node["callee"]) ?? "")
    ? node["arguments"] as ReadonlyArray<Node>
    : []
  return args.some(({ type }) => type === "ObjectExpression") ? ["a literal as an event: make it with new"] : []
}

export const words = (source: Source): ReadonlyArray<string> => {
  const strict = isDeterministic(source.path)
  if (!strict && !isSimulated(source.path)) return []
  const found = [
    ...source.nodes.flatMap((visited) => wordsOf(source, visited)),
    ...globals(source).filter((name) => names.has(name) || (strict && strictNames.has(name))),
    ...(strict ? source.nodes.flatMap((visited) => syntax(visited)) : []),
    ...(isPure(source.path) ? source.nodes.flatMap((visited) => literals(visited)) : []),
  ]
  return [...new Set(found)].map((word) => `${source.path} uses ${word}`)
}
