/**
 * What the fold of each aggregate means, as a hash of its source: initial state, upcasters and `evolve`, with all that
 * they use of the application's own files.
 *
 * An aggregate is found where `Aggregate.make(Contract, …).decide(…).evolve(…)` stands, by the name its contract has.
 * @module
 */
import { digest } from "../../core/Fingerprint.ts"
import { write, type Written } from "./canonical.ts"
import {
  every,
  type Graph,
  graph,
  type Host,
  isNode,
  lineAt,
  type Module,
  nameOf,
  type Node,
  nodesOf,
} from "./Module.ts"

export interface Place {
  readonly file: string
  readonly line: number
}

export interface Fold extends Place, Omit<Written, "text"> {
  readonly hash: string
  /** As if these were the only event types: what is added beside them shows in `hash` alone. */
  readonly hashOf: (types: ReadonlySet<string>) => string
}

/** By name; `upcasters` are counted, so that one which is written where nobody looks does not go unnoticed. */
export type Wanted = ReadonlyMap<string, { readonly upcasters: number }>

export interface Folds {
  readonly folds: ReadonlyMap<string, Fold>
  /** Why an aggregate's fold has no hash. */
  readonly unseen: ReadonlyMap<string, string>
  /** Where events are declared: `Order.OrderPlaced`. */
  readonly events: ReadonlyMap<string, Place>
}

interface At {
  readonly module: Module
  readonly node: Node
}

/** A part of a fold; without a type it concerns all events. */
interface Root extends At {
  readonly label: string
  readonly type: string | undefined
}

/** `method` of a call `object.method(…)`. */
const called = (
  node: unknown,
): { readonly method: string; readonly object: Node; readonly args: ReadonlyArray<Node> } | undefined => {
  if (!isNode(node) || node.type !== "CallExpression") return undefined
  const callee = node["callee"] as Node
  const method = nameOf(callee["property"])
  return callee.type !== "MemberExpression" || method === undefined
    ? undefined
    : { method, object: callee["object"] as Node, args: nodesOf(node["arguments"]) }
}

/** What a name or `O.Name` stands for; any other expression is itself. */
const follow = (graph: Graph, { module, node }: At): At | undefined => {
  const object = node.type === "MemberExpression" ? nameOf(node["object"]) : undefined
  const whole = object === undefined ? undefined : graph.named(module, object)
  if (node.type !== "Identifier" && whole?.kind !== "module") return { module, node }
  const found = whole?.kind === "module"
    ? graph.exported(whole.module, nameOf(node["property"])!)
    : graph.named(module, node["name"] as string)
  if (found?.kind !== "declared") return undefined
  const inner = found.node.type === "VariableDeclarator" ? found.node["init"] : found.node
  return isNode(inner) ? follow(graph, { module: found.module, node: inner }) : undefined
}

/** The calls that made a class or value, outermost first: of `X.v1(…).v2(…)` that is `v2`, then `v1`. */
const chain = (
  graph: Graph,
  at: At,
): ReadonlyArray<At & { readonly method: string; readonly args: ReadonlyArray<Node> }> => {
  const found = follow(graph, at)
  if (found === undefined) return []
  const node = found.node["superClass"] ?? found.node
  const made = isNode(node) && node !== found.node ? follow(graph, { module: found.module, node }) : found
  if (made === undefined) return []
  if (made.node.type === "MemberExpression") {
    return chain(graph, { module: made.module, node: made.node["object"] as Node })
  }
  const call = called(made.node)
  if (call === undefined) return []
  return [{ ...made, ...call }, ...chain(graph, { module: made.module, node: call.object })]
}

const memberOf = (object: Node | undefined, name: string): Node | undefined => {
  const value = nodesOf(object?.["properties"]).find((one) => nameOf(one["key"]) === name)?.["value"]
  return isNode(value) ? value : undefined
}

interface Event extends Place {
  readonly tag: string
  readonly upcasters: ReadonlyArray<At>
}

const eventsOf = (graph: Graph, contract: At & { readonly args: ReadonlyArray<Node> }): ReadonlyArray<Event> => {
  const list = memberOf(contract.args[1], "events")
  return nodesOf(list?.["elements"]).flatMap((node) => {
    const at = follow(graph, { module: contract.module, node })
    if (at === undefined) return []
    const calls = chain(graph, { module: contract.module, node })
    const tag = nameOf(calls.at(-1)?.args[0])
    if (tag === undefined) return []
    const upcasters = calls.filter(({ args, method }) =>
      /^v[1-9]\d*$/.test(method) && args.length === 2 && method !== "v1"
    )
      .map(({ args, module }) => ({ module, node: args[1]! }))
    return [{ tag, upcasters: upcasters.toReversed(), file: at.module.path, line: lineAt(at.module, at.node) }]
  })
}

/** Handlers stand in any order. */
const handlersOf = (graph: Graph, at: At): ReadonlyArray<Root> => {
  const found = follow(graph, at)
  const properties = nodesOf(found?.node["properties"])
  const plain = found?.node.type === "ObjectExpression" &&
    properties.every((one) => one.type === "Property" && one["computed"] !== true && nameOf(one["key"]) !== undefined)
  if (!plain) return [{ ...at, label: "evolve", type: undefined }]
  return properties.map((one) => ({
    module: found.module,
    node: one["value"] as Node,
    label: `evolve.${nameOf(one["key"])}`,
    type: nameOf(one["key"]),
  })).toSorted((a, b) => a.label < b.label ? -1 : 1)
}

const hashed = (text: string): string => digest(`fold 1\n${text}`)

const byHand = "write Aggregate.make(Contract, …).decide(…).evolve(…) at the top of a file of the application"

/** The folds of the aggregates of the application at `entry`. */
export const read = (host: Host, entry: string, wanted: Wanted): Folds => {
  const all = graph(host)
  const folds = new Map<string, Fold>()
  const unseen = new Map<string, string>()
  const events = new Map<string, Place>()
  for (const module of all.reach(entry)) {
    every(module.program, (node) => {
      const evolve = called(node)
      if (evolve?.method !== "evolve" || evolve.args.length === 0) return
      const [decide, make] = chain(all, { module, node: evolve.object })
      if (decide?.method !== "decide" || make?.method !== "make" || make.args.length < 3) return
      const contract = chain(all, { module: make.module, node: make.args[0]! }).find(({ method }) => method === "make")
      const name = nameOf(contract?.args[0])
      const asked = name === undefined ? undefined : wanted.get(name)
      if (contract === undefined || name === undefined || asked === undefined) return
      const declared = eventsOf(all, contract)
      for (const { file, line, tag } of declared) events.set(`${name}.${tag}`, { file, line })
      const upcasters = declared.flatMap(({ tag, upcasters }) =>
        upcasters.map((at, index) => ({ ...at, label: `${tag}.v${index + 1}`, type: tag as string | undefined }))
      ).toSorted((a, b) => a.label < b.label ? -1 : 1)
      if (folds.has(name)) return void unseen.set(name, "it is written in two places")
      if (upcasters.length !== asked.upcasters) {
        return void unseen.set(name, "an upcaster cannot be found: write `.v2(…)` at the class of its event")
      }
      const initial = { module: make.module, node: make.args[2]!, label: "initial", type: undefined }
      const roots = [initial, ...upcasters, ...handlersOf(all, { module, node: evolve.args[0]! })]
      const { text, ...seen } = write(all, roots)
      folds.set(name, {
        hash: hashed(text),
        hashOf: (types) => hashed(write(all, roots.filter(({ type }) => type === undefined || types.has(type))).text),
        file: module.path,
        line: lineAt(module, node),
        ...seen,
      })
    })
  }
  for (const name of wanted.keys()) {
    if (!folds.has(name) && !unseen.has(name)) unseen.set(name, `it cannot be found: ${byHand}`)
  }
  for (const name of unseen.keys()) folds.delete(name)
  return { folds, unseen, events }
}
