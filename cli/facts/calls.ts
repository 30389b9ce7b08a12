/**
 * How services reach for each other: asks, requests and bus commands in the source, and what the manifests say of bus
 * commands and events.
 * @module
 */
import type { Call } from "../../policies/Facts.ts"
import { every, isNode, lineAt, type Module, nameOf, type Node, nodesOf } from "../evolve/Module.ts"
import { hole, isNexus, isOpen, type Meaning, memberOf, type Reader } from "./meaning.ts"
import { type Known, lineOf } from "./services.ts"

/** The aggregate that a contract, an aggregate or what carries one in `contract` is about; `*` where it cannot be told. */
const aggregateOf = (reader: Reader, module: Module, node: unknown, depth = 0): string => {
  const found = isNode(node) && depth < 16 ? reader.of(module, node) : undefined
  if (found?.kind !== "node") return "*"
  const { module: at, node: made } = found
  const again = (next: unknown) => aggregateOf(reader, at, next, depth + 1)
  if (isNode(made["superClass"])) return again(made["superClass"])
  if (made.type === "ObjectExpression") return again(memberOf(made, "contract"))
  if (made.type !== "CallExpression") return "*"
  const callee = made["callee"] as Node
  const [first] = nodesOf(made["arguments"])
  const meaning = reader.of(at, callee)
  if (isNexus(meaning, "Contract", "make")) {
    const name = reader.text(at, first)
    return name.includes(hole) ? "*" : name
  }
  if (isNexus(meaning, "Aggregate", "make")) return again(first)
  // Of `Aggregate.make(…).decide(…).evolve(…)`.
  return callee.type === "MemberExpression" ? again(callee["object"]) : "*"
}

const clients = /^(axios|got|ky|undici|superagent|request|node-fetch|cross-fetch|ofetch|needle)$|^(node:)?https?$/

/** Whether a callee sends a request to the address that is its first argument. */
const sends = (meaning: Meaning | undefined): boolean =>
  meaning?.kind === "foreign" && (
    clients.test(meaning.specifier) ||
    (meaning.specifier === "" &&
      /^((globalThis|window|self)\.)?(fetch|Request|WebSocket|EventSource)$/.test(meaning.path.join("."))) ||
    (/^effect\//.test(meaning.specifier) && /^HttpClient/.test(meaning.path[0] ?? ""))
  )

export interface Owners {
  readonly services: ReadonlyArray<Known>
  /** Empty where nobody owns it. */
  readonly of: (aggregate: string) => string
}

export const ownersOf = (services: ReadonlyArray<Known>): Owners => ({
  services,
  of: (aggregate) => services.find(({ owns }) => owns.includes(aggregate))?.name ?? "",
})

type Reach = Pick<Call, "to" | "aggregate" | "how">

/** Where an address leads: to another service by its path or host, outside (nothing), or nobody can tell. */
const addressed = (owners: Owners, from: Known, address: string, source: string): Reach | undefined => {
  const [, aggregate = ""] = /\/v1\/([A-Z][A-Za-z0-9]*)(?=[/?\0]|$)/.exec(address) ?? []
  const owner = owners.of(aggregate)
  if (owner !== "") return { to: owner, aggregate, how: "http" }
  const [, host] = /^[a-z]+:\/\/([^/?#]*)/i.exec(address) ?? []
  if (host !== undefined && !host.includes(hole)) {
    const [name = ""] = host.split(":")
    const named = owners.services.find((one) =>
      [host, name].some((text) => one.hosts.includes(text)) || one.name === name.split(".")[0]
    )
    return named && { to: named.name, aggregate: "*", how: "http" }
  }
  if (address.startsWith("/") && !address.startsWith("//")) return undefined
  return from.outside.some((one) => source.includes(one)) ? undefined : { to: "", aggregate: source, how: "http" }
}

/** Whether an argument may be a request or a principal: an object that is written out, or nobody can tell. */
const isRead = (reader: Reader, module: Module, node: Node): boolean => {
  const found = reader.of(module, node)
  return found?.kind !== "node" || found.node.type === "ObjectExpression"
}

/** Asks and requests of a module on behalf of `from`, its own aggregates apart. */
const reached = (reader: Reader, owners: Owners, module: Module, from: Known): ReadonlyArray<Call> => {
  const found = new Map<string, Call>()
  const add = (node: Node, reach: Reach | undefined): void => {
    if (reach === undefined || reach.to === from.name) return
    const call = { from: from.name, ...reach, file: module.path, line: lineAt(module, node) }
    const key = `${call.how}\n${call.line}\n${call.to}${call.how === "bus" ? `\n${call.aggregate}` : ""}`
    if (!found.has(key)) found.set(key, call)
  }
  // Where nobody else owns anything, nobody else can be asked.
  const alone = owners.services.every((one) => one.name === from.name || one.owns.length === 0)
  const ask = (node: Node, aggregate: string) =>
    aggregate === "*" && alone ? undefined : add(node, { to: owners.of(aggregate), aggregate, how: "ask" })
  const command = (node: Node, aggregate: string, name: string) =>
    aggregate === "*" && alone ? undefined : add(node, {
      to: owners.of(aggregate),
      aggregate: `${aggregate}.${name}`,
      how: "bus",
    })
  const knowsActors = reader.takes(module, "Actors")
  const called = new Set<Node>()
  /** Clients of `CommandBus.tell`, and whether it was seen what each of them is told. */
  const tellers = new Map<Node, boolean>()
  every(module.program, (node) => {
    if (/^(Import|Export(All|Named))/.test(node.type) && isNode(node["source"])) return false
    if (node.type === "TemplateLiteral" || node.type === "Literal") {
      const text = reader.text(module, node)
      const [, aggregate = ""] = /(?:^|[^/])\/v1\/([A-Z][A-Za-z0-9]*)(?=[/?\0]|$)/.exec(text) ?? []
      if (owners.of(aggregate) !== "") add(node, { to: owners.of(aggregate), aggregate, how: "http" })
      return
    }
    if (node.type === "MemberExpression") {
      const client = reader.of(module, node["object"] as Node)
      const name = nameOf(node["property"])
      if (client?.kind === "node" && isTell(reader, client.module, client.node)) {
        tellers.set(client.node, true)
        const target = aggregateOf(reader, client.module, nodesOf(client.node["arguments"])[0])
        const named = node["computed"] === true ? reader.text(module, node["property"]) : name ?? hole
        command(node, target, named.includes(hole) ? "*" : named)
      }
    }
    if (node.type === "MemberExpression" && !called.has(node)) {
      const meaning = reader.of(module, node)
      // Handed on as a value: whom it will ask, nobody can tell.
      if (isNexus(meaning, "Actors", "ask") || isNexus(meaning, "Actors", "state")) ask(node, "*")
      if (isNexus(meaning, "CommandBus", "tell")) command(node, "*", "*")
    }
    if (node.type !== "CallExpression" && node.type !== "NewExpression") return
    const callee = node["callee"] as Node
    const args = nodesOf(node["arguments"])
    const meaning = reader.of(module, callee)
    called.add(callee)
    if (isNexus(meaning, "Actors", "ask") || isNexus(meaning, "Actors", "state")) {
      ask(node, aggregateOf(reader, module, args[0]))
    } else if (isNexus(meaning, "CommandBus", "tell")) {
      if (!tellers.has(node)) tellers.set(node, false)
    } else if (isNexus(meaning, "CommandBus", "CommandBus", "*", "send")) {
      const sent = args[0] === undefined ? undefined : reader.of(module, args[0])
      const object = sent?.kind === "node" && sent.node.type === "ObjectExpression" ? sent : undefined
      const written = (member: string) => {
        const value = object && memberOf(object.node, member)
        const text = value === undefined ? hole : reader.text(object!.module, value)
        return text.includes(hole) ? "*" : text
      }
      command(node, written("aggregate"), written("command"))
    } else if (callee.type === "MemberExpression" && /^(send|state)$/.test(nameOf(callee["property"]) ?? "")) {
      const name = nameOf(callee["property"])!
      // Handed in by somebody, as by `Effect.flatMap(Actors.Actors, (all) => …)`.
      const given = knowsActors && isOpen(meaning) && args.length === (name === "send" ? 1 : 3)
      const service = isNexus(meaning, "Actors", "Actors", "*", name) || (given && isRead(reader, module, args[0]!))
      const request = args[0] === undefined ? undefined : reader.of(module, args[0])
      const object = request?.kind === "node" && request.node.type === "ObjectExpression" ? request : undefined
      const target = object && memberOf(object.node, "aggregate")
      const isRequest = target !== undefined && memberOf(object!.node, "command") !== undefined
      if (service || isRequest) {
        const name = isRequest ? reader.text(object!.module, target) : reader.text(module, args[1])
        ask(node, name.includes(hole) ? "*" : name)
      }
    } else if (
      knowsActors && isOpen(meaning) && callee.type === "MemberExpression" && nameOf(callee["property"]) === "ask"
    ) {
      ask(node, aggregateOf(reader, module, args[0]))
    } else if (isNexus(meaning, "connect")) {
      const [type] = nodesOf((node["typeArguments"] as Node | null)?.["params"])
      const members = type?.type === "TSTypeLiteral"
        ? nodesOf(type["members"]).flatMap((one) => nameOf(one["key"]) ?? [])
        : []
      const others = members.filter((name) => owners.of(name) !== from.name)
      for (const name of others) add(node, { to: owners.of(name), aggregate: name, how: "http" })
      if (members.length === 0) add(node, { to: "", aggregate: "*", how: "http" })
    } else if (sends(meaning) && args[0] !== undefined) {
      const { end, start } = args[0] as Node & { readonly end: number }
      const source = module.text.slice(start, end)
      const address = args[0].type === "ObjectExpression"
        ? reader.text(module, memberOf(args[0], "url") ?? memberOf(args[0], "hostname"))
        : reader.text(module, args[0])
      add(node, addressed(owners, from, address, source))
    }
  })
  // Handed on as a value: what it will be told, nobody can tell.
  for (const [node, isSeen] of tellers) {
    if (!isSeen) command(node, aggregateOf(reader, module, nodesOf(node["arguments"])[0]), "*")
  }
  return [...found.values()]
}

const isTell = (reader: Reader, module: Module, node: Node): boolean =>
  node.type === "CallExpression" && isNexus(reader.of(module, node["callee"] as Node), "CommandBus", "tell")

/** What the manifests say: commands to whom they go, events from whom they come. */
const declared = (owners: Owners): ReadonlyArray<Call> =>
  owners.services.flatMap((service) => {
    const call = (how: "bus" | "event") => (aggregate: string): Call => ({
      from: service.name,
      to: owners.of(aggregate.split(".")[0]!),
      aggregate,
      how,
      file: service.file,
      line: lineOf(service, aggregate),
    })
    return [...service.sends.map(call("bus")), ...service.consumes.map(call("event"))]
  })

export const calls = (
  reader: Reader,
  owners: Owners,
  modules: ReadonlyArray<Module>,
  workers: (module: Module) => ReadonlyArray<string>,
): ReadonlyArray<Call> => [
  ...modules.flatMap((module) =>
    owners.services.filter(({ name }) => workers(module).includes(name))
      .flatMap((from) => reached(reader, owners, module, from))
  ),
  ...declared(owners),
]
