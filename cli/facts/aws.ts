/**
 * What AWS calls, grants and templates would change or take away in tables of DynamoDB.
 * @module
 */
import type { Statement } from "../../policies/Facts.ts"
import { every, isNode, lineAt, type Module, nameOf, type Node, nodesOf, packageOf } from "../evolve/Module.ts"
import { hole, memberOf, type Reader } from "./meaning.ts"

type Place = Pick<Statement, "file" | "line">
type Json = { readonly [key: string]: unknown }
const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)
const listOf = (value: unknown): ReadonlyArray<unknown> =>
  Array.isArray(value) ? value : value === undefined ? [] : [value]

const wild = /[*?]/
/** With a star it may be any: nobody can tell that it is not the events'. */
const isEvents = (table: string): boolean => wild.test(table) || /events?/i.test(table)
/** Policies of AWS itself that allow every change. */
const managed = /(^|:aws:policy\/)(AdministratorAccess|PowerUserAccess|AmazonDynamoDBFullAccess(_v2)?)$/
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

/** What stars and question marks stand for, in actions and in resources. */
const pattern = (action: string): RegExp =>
  new RegExp(`^${action.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".")}$`, "i")

/** Whether an action, perhaps with stars, allows one that changes items. */
const changes = (action: string): boolean => action.includes(hole) || changing.some((one) => pattern(action).test(one))

/** The name in an ARN (`…:table/NAME/index/…`), or the text itself; with stars for what cannot be read. */
const tableOf = (resource: string): string => {
  const text = resource.replaceAll(hole, "*")
  const [, table = /^arn:.*[*?]/.test(text) ? "*" : text] = /:table\/([^/]+)/.exec(text) ?? []
  return table.replaceAll("*", "") === "" ? "*" : table
}
/** An ARN, perhaps with stars, that may be a table's; what is no ARN is a table's name. */
const isTable = (resource: string): boolean => {
  const [arn, , service] = resource.replaceAll(hole, "*").split(":")
  return arn !== "arn" || service === undefined || pattern(service).test("dynamodb")
}

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
const textIn = (resources: Json) => {
  /** Of a resource its id; a parameter is whatever somebody gives. */
  const ref = (name: string): string =>
    Object.hasOwn(resources, name) ? name : /^AWS::(Region|Partition|AccountId|URLSuffix)$/.test(name) ? "" : hole
  const textOf = (value: unknown): string => {
    if (typeof value === "string") return value
    if (!isJson(value)) return hole
    if (typeof value["Ref"] === "string") return ref(value["Ref"])
    const attribute = value["Fn::GetAtt"]
    if (attribute !== undefined) return textOf(Array.isArray(attribute) ? attribute[0] : `${attribute}`.split(".")[0])
    const sub = value["Fn::Sub"]
    if (sub !== undefined) {
      const [text, given] = Array.isArray(sub) ? sub : [sub]
      return textOf(text).replaceAll(
        /\$\{([^}.]+)[^}]*\}/g,
        (_, name: string) => isJson(given) && Object.hasOwn(given, name) ? textOf(given[name]) : ref(name),
      )
    }
    const join = value["Fn::Join"]
    return Array.isArray(join) ? listOf(join[1]).map(textOf).join(typeof join[0] === "string" ? join[0] : "") : hole
  }
  return textOf
}
type TextOf = ReturnType<typeof textIn>

/** Every object of a template, parents first. */
const objects = (value: unknown, visit: (one: Json) => void): void => {
  if (Array.isArray(value)) return value.forEach((one) => objects(one, visit))
  if (!isJson(value)) return
  visit(value)
  Object.values(value).forEach((one) => objects(one, visit))
}
/** Of SAM; each takes the name of a table. */
const serverless = ["DynamoDBCrudPolicy", "DynamoDBWritePolicy"]

const ofObject = (
  statement: Json,
  textOf: TextOf,
  isEventTable: (table: string) => boolean,
  place: Place,
): ReadonlyArray<Statement> => {
  const whole = (operation: string, table: string): Statement => ({
    ...{ kind: "iam", operation, table, events: isEventTable(table), tombstone: false, ...place },
  })
  const found = [...listOf(statement["ManagedPolicyArns"]), ...listOf(statement["Policies"])].map(textOf)
    .filter((one) => managed.test(one)).map((one) => whole(one.split("/").at(-1)!, "*"))
  for (const name of serverless) {
    const given = statement[name]
    if (isJson(given)) found.push(whole(name, tableOf(textOf(given["TableName"]))))
  }
  if (!("Effect" in statement) || !("Action" in statement || "NotAction" in statement)) return found
  if (statement["Effect"] === "Deny") return found
  // Everything but what is named: that it leaves out each change is not worth finding out.
  const actions = "Action" in statement ? listOf(statement["Action"]).map(textOf) : ["*"]
  const resources = "Resource" in statement ? listOf(statement["Resource"]).map(textOf) : ["*"]
  return [...found, ...granted(actions, resources, isEventTable, place)]
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
  const textOf = textIn(resources)
  const tables = new Map<string, boolean>()
  const found: Array<Statement> = []
  let [unnamed, some] = [false, false]
  for (const [id, resource] of Object.entries(resources)) {
    const { Properties: properties, Type: type } = isJson(resource) ? resource : {}
    if (type !== "AWS::DynamoDB::Table" && type !== "AWS::DynamoDB::GlobalTable") continue
    const { GlobalSecondaryIndexes: indexes, TableName: given, TimeToLiveSpecification: ttl } = isJson(properties)
      ? properties
      : {}
    const name = given === undefined ? "" : tableOf(textOf(given))
    const byTime = listOf(indexes).some((one) => isJson(one) && one["IndexName"] === "TimestampIndex")
    const events = byTime || isEvents(id) || (name !== "" && !wild.test(name) && isEvents(name))
    for (const one of [id, name]) if (one !== "") tables.set(one, events)
    if (!events) continue
    some = true
    if (name === "" || wild.test(name)) unnamed = true
    // AWS takes away what has had its time.
    if (isJson(ttl) && ttl["Enabled"] !== false) {
      const about = { operation: "dynamodb:UpdateTimeToLive", table: name || id, events: true, tombstone: false }
      found.push({ kind: "dynamodb", ...about, file, line: lineOfId(text, id) })
    }
  }
  /** A name with stars, where the template says how its tables of events are called: those that AWS names end as it likes. */
  const fits = (table: string) =>
    !some || (unnamed && /[*?]$/.test(table)) ||
    [...tables].some(([name, events]) => events && pattern(table).test(name))
  const isEventTable = (table: string) => tables.get(table) ?? (wild.test(table) ? fits(table) : isEvents(table))
  for (const [id, resource] of Object.entries(resources)) {
    const place = { file, line: lineOfId(text, id) }
    objects(resource, (one) => found.push(...ofObject(one, textOf, isEventTable, place)))
  }
  return found
}

// ---- The source.

const isSdk = (specifier: string) =>
  /^(@aws-sdk\/(client-dynamodb|lib-dynamodb)|aws-sdk(\/clients\/dynamodb)?)$/.test(packageOf(specifier))
const commands: { readonly [name: string]: string } = {
  ...{ DeleteItemCommand: "DeleteItem", DeleteCommand: "DeleteItem" },
  ...{ UpdateItemCommand: "UpdateItem", UpdateCommand: "UpdateItem", DeleteTableCommand: "DeleteTable" },
  UpdateTimeToLiveCommand: "UpdateTimeToLive",
}
const methods: { readonly [name: string]: string } = {
  ...{ deleteItem: "DeleteItem", updateItem: "UpdateItem", deleteTable: "DeleteTable" },
  updateTimeToLive: "UpdateTimeToLive",
}
/** Of the document clients, and of much else: only what is given a `TableName` is theirs. */
const short: { readonly [name: string]: string } = { delete: "DeleteItem", update: "UpdateItem" }
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
    if (node.type === "Literal" && managed.test(reader.text(module, node))) {
      const operation = reader.text(module, node).split("/").at(-1)!
      const place = { file: module.path, line: lineAt(module, node) }
      found.push({ kind: "iam", operation, table: "*", events: true, tombstone: false, ...place })
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
      : usesSdk && Object.hasOwn(short, name) && memberOf(objectOf(first) ?? node, "TableName") !== undefined
      ? short[name]
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
