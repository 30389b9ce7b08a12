/**
 * What AWS calls, grants and templates would change or take away in tables of DynamoDB.
 * @module
 */
import type { Statement } from "../../policies/Facts.ts"
import { isNode, lineAt, type Module, nameOf, type Node, nodesOf } from "../evolve/Module.ts"
import { every, hole, memberOf, type Reader } from "./meaning.ts"

type Place = Pick<Statement, "file" | "line">
type Json = { readonly [key: string]: unknown }
const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)
const listOf = (value: unknown): ReadonlyArray<unknown> =>
  Array.isArray(value) ? value : value === undefined ? [] : [value]

const isEvents = (table: string): boolean => table === "*" || /events?/i.test(table)
/** Every action of IAM that changes or takes away items, or whole tables. */
const changing = [
  ...[
    "DeleteItem",
    "UpdateItem",
    "BatchWriteItem",
    "PartiQLDelete",
    "PartiQLUpdate",
    "DeleteTable",
    "UpdateTimeToLive",
  ],
  ...["RestoreTableFromBackup", "RestoreTableToPointInTime", "ImportTable"],
].map((action) => `dynamodb:${action}`)

const pattern = (action: string): RegExp =>
  new RegExp(`^${action.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".")}$`, "i")

/** Whether an action, perhaps with stars, allows one that changes items. */
const changes = (action: string): boolean => action.includes(hole) || changing.some((one) => pattern(action).test(one))

/** The name in an ARN (`…:table/NAME/index/…`), or the text itself. */
const tableOf = (resource: string): string => {
  const [, table = resource] = /:table\/([^/]+)/.exec(resource) ?? []
  return table.includes(hole) || table === "" ? "*" : table
}
const isTable = (resource: string): boolean => !/^arn:/.test(resource) || resource.includes(":dynamodb:")

/** What a grant allows, by action and table. */
const granted = (
  actions: ReadonlyArray<string>,
  resources: ReadonlyArray<string>,
  isEventTable: (table: string) => boolean,
  place: Place,
): ReadonlyArray<Statement> =>
  actions.filter(changes).flatMap((action) =>
    [...new Set(resources.filter(isTable).map(tableOf))].map((table) => ({
      ...{ kind: "iam", operation: action.replaceAll(hole, "*"), table, events: isEventTable(table) } as const,
      ...{ tombstone: false, ...place },
    }))
  )

// ---- Templates of CloudFormation, as JSON.

/** A text of a template: a `Ref` or `Fn::GetAtt` is the logical id, joined and substituted texts are put together. */
const textOf = (value: unknown): string => {
  if (typeof value === "string") return value
  if (!isJson(value)) return hole
  if (typeof value["Ref"] === "string") return value["Ref"].startsWith("AWS::") ? "" : value["Ref"]
  const attribute = value["Fn::GetAtt"]
  if (attribute !== undefined) return textOf(Array.isArray(attribute) ? attribute[0] : `${attribute}`.split(".")[0])
  const sub = value["Fn::Sub"]
  if (sub !== undefined) {
    return textOf(Array.isArray(sub) ? sub[0] : sub).replaceAll(
      /\$\{([^}.]+)[^}]*\}/g,
      (_, name: string) => name.startsWith("AWS::") ? "" : name,
    )
  }
  const join = value["Fn::Join"]
  return Array.isArray(join) ? listOf(join[1]).map(textOf).join(typeof join[0] === "string" ? join[0] : "") : hole
}

/** Statements of policies anywhere in a template, roles and managed policies alike. */
const policies = (value: unknown, visit: (statement: Json) => void): void => {
  if (Array.isArray(value)) return value.forEach((one) => policies(one, visit))
  if (!isJson(value)) return
  if ("Effect" in value && ("Action" in value || "NotAction" in value)) visit(value)
  Object.values(value).forEach((one) => policies(one, visit))
}

const ofPolicy = (
  statement: Json,
  isEventTable: (table: string) => boolean,
  place: Place,
): ReadonlyArray<Statement> => {
  if (statement["Effect"] === "Deny") return []
  // Everything but what is named: that it leaves out each change is not worth finding out.
  const actions = "Action" in statement ? listOf(statement["Action"]).map(textOf) : ["*"]
  const resources = "Resource" in statement ? listOf(statement["Resource"]).map(textOf) : ["*"]
  return granted(actions, resources, isEventTable, place)
}

/** The template's line where a logical resource begins. */
const lineOfId = (text: string, id: string): number => {
  const at = text.search(new RegExp(`"${id.replaceAll(/[^\w]/g, "\\$&")}"\\s*:\\s*\\{`))
  return at < 0 ? 1 : text.slice(0, at).split("\n").length
}

/** Throws where the text is no JSON. */
export const ofTemplate = (file: string, text: string): ReadonlyArray<Statement> => {
  const template: unknown = JSON.parse(text)
  const resources = isJson(template) && isJson(template["Resources"]) ? template["Resources"] : undefined
  if (resources === undefined) throw new Error("it has no Resources")
  const tables = new Map<string, boolean>()
  for (const [id, resource] of Object.entries(resources)) {
    const { Properties: properties, Type: type } = isJson(resource) ? resource : {}
    if (type !== "AWS::DynamoDB::Table" && type !== "AWS::DynamoDB::GlobalTable") continue
    const name = isJson(properties) && "TableName" in properties ? textOf(properties["TableName"]) : ""
    const indexes = isJson(properties) ? listOf(properties["GlobalSecondaryIndexes"]) : []
    const byTime = indexes.some((one) => isJson(one) && one["IndexName"] === "TimestampIndex")
    for (const one of [id, name]) if (one !== "") tables.set(one, byTime || isEvents(id) || isEvents(name || id))
  }
  const isEventTable = (table: string) => tables.get(table) ?? isEvents(table)
  return Object.entries(resources).flatMap(([id, resource]) => {
    const found: Array<Statement> = []
    const place = { file, line: lineOfId(text, id) }
    policies(resource, (statement) => found.push(...ofPolicy(statement, isEventTable, place)))
    return found
  })
}

// ---- The source.

const isSdk = (specifier: string) => /^@aws-sdk\/(client-dynamodb|lib-dynamodb)$/.test(specifier)
const commands: { readonly [name: string]: string } = {
  ...{ DeleteItemCommand: "DeleteItem", DeleteCommand: "DeleteItem" },
  ...{ UpdateItemCommand: "UpdateItem", UpdateCommand: "UpdateItem", DeleteTableCommand: "DeleteTable" },
}
const methods: { readonly [name: string]: string } = {
  ...{ deleteItem: "DeleteItem", updateItem: "UpdateItem", deleteTable: "DeleteTable" },
}
const batches = /^(batchWrite(Item)?|transactWrite(Items)?|BatchWrite(Item)?Command|TransactWrite(Items)?Command)$/

/** CDK: `table.grantWriteData(role)`. */
const grants = /^grant(WriteData|ReadWriteData|FullAccess)$/

export const ofModule = (reader: Reader, module: Module): ReadonlyArray<Statement> => {
  const found: Array<Statement> = []
  const add = (node: Node, kind: "dynamodb" | "iam", operation: string, table: string) =>
    found.push({
      ...{ kind, operation: `dynamodb:${operation}`, table, events: isEvents(table), tombstone: false },
      ...{ file: module.path, line: lineAt(module, node) },
    })
  const objectOf = (node: Node | undefined): Node | undefined => {
    const meaning = node && reader.of(module, node)
    return meaning?.kind === "node" && meaning.node.type === "ObjectExpression" ? meaning.node : undefined
  }
  const tableIn = (node: Node | undefined): string => {
    const object = objectOf(node)
    const name = object && memberOf(object, "TableName")
    return name === undefined ? "*" : tableOf(reader.text(module, name))
  }
  /** Deletes and updates of a batch or transaction, each with its table. */
  const batched = (given: Node | undefined, call: Node): void => {
    const request = objectOf(given)
    if (request === undefined) return void add(call, "dynamodb", "BatchWriteItem", "*")
    every(request, (node) => {
      if (node.type !== "Property") return
      const name = nameOf(node["key"])
      const value = node["value"] as Node
      if (name === "Delete" || name === "Update") add(node, "dynamodb", `${name}Item`, tableIn(value))
      if (name !== "RequestItems") return
      for (const one of nodesOf(value["properties"])) {
        const table = one["computed"] === true ? reader.text(module, one["key"]) : nameOf(one["key"]) ?? hole
        every(one["value"], (inner) => {
          if (inner.type === "Property" && nameOf(inner["key"]) === "DeleteRequest") {
            add(inner, "dynamodb", "DeleteItem", tableOf(table))
          }
        })
      }
    })
  }
  const texts = (node: Node | undefined): ReadonlyArray<string> => {
    const meaning = node && reader.of(module, node)
    if (meaning?.kind !== "node") return node === undefined ? [] : [hole]
    const items = meaning.node.type === "ArrayExpression" ? nodesOf(meaning.node["elements"]) : [meaning.node]
    return items.map((one) => reader.text(meaning.module, one))
  }
  const usesSdk = [...module.bindings.values()].some((one) => one.kind === "imported" && isSdk(one.specifier))

  every(module.program, (node) => {
    if (node.type === "ObjectExpression") {
      const [effect, action] = [memberOf(node, "Effect"), memberOf(node, "Action") ?? memberOf(node, "actions")]
      const lower = memberOf(node, "actions") !== undefined
      if (action === undefined || (effect === undefined && !lower)) return
      if (
        /deny$/i.test(
          isNode(effect) ? reader.text(module, effect) : nameOf((memberOf(node, "effect") ?? node)["property"]) ?? "",
        )
      ) return
      const resource = memberOf(node, "Resource") ?? memberOf(node, "resources")
      const resources = resource === undefined ? ["*"] : texts(resource)
      found.push(...granted(texts(action), resources, isEvents, { file: module.path, line: lineAt(module, node) }))
      return
    }
    if (node.type !== "NewExpression" && node.type !== "CallExpression") return
    const callee = node["callee"] as Node
    const [first] = nodesOf(node["arguments"])
    const meaning = reader.of(module, callee)
    const name = meaning?.kind === "foreign" && isSdk(meaning.specifier)
      ? meaning.path.at(-1) ?? ""
      : usesSdk && callee.type === "MemberExpression"
      ? nameOf(callee["property"]) ?? ""
      : ""
    const operation = Object.hasOwn(commands, name)
      ? commands[name]
      : Object.hasOwn(methods, name)
      ? methods[name]
      : undefined
    if (operation !== undefined) add(node, "dynamodb", operation, tableIn(first))
    else if (batches.test(name)) batched(first, node)
    if (callee.type === "MemberExpression" && grants.test(nameOf(callee["property"]) ?? "")) {
      const { end, start } = callee["object"] as Node & { readonly end: number }
      add(node, "iam", "*", module.text.slice(start, end))
    }
  })
  return found
}
