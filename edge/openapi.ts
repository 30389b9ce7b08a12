/**
 * The OpenAPI 3.1 document of an application, made from the very routes that are served. The same application gives the
 * same bytes.
 * @module
 */
import { Schema } from "effect"
import type { App } from "../core/App.ts"
import * as JsonSchemas from "../schemas/JsonSchemas.ts"
import * as guard from "./guard.ts"
import * as problems from "./problems.ts"
import type { Parameter, Route } from "./route.ts"

type Json = { readonly [key: string]: unknown }

const reference = /^#\/\$defs\/([^/]+)$/
/** These hold data, in which a `$ref` is none. */
const data = new Set(["const", "enum", "default", "examples"])

/** The same schema, its references to definitions led to the document's components. */
const rewritten = (schema: unknown, renamed: (key: string) => string): unknown => {
  if (Array.isArray(schema)) return schema.map((one) => rewritten(one, renamed))
  if (typeof schema !== "object" || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      const name = key === "$ref" && typeof value === "string" ? reference.exec(value)?.[1] : undefined
      if (name === undefined) return [key, data.has(key) ? value : rewritten(value, renamed)]
      const plain = decodeURIComponent(name).replaceAll("~1", "/").replaceAll("~0", "~")
      return [key, `#/components/schemas/${renamed(plain)}`]
    }),
  )
}

/** The schemas of the document by name; a definition inside a schema becomes one of the document, with its own name. */
class Components {
  readonly schemas: Record<string, Json> = {}

  add(name: string, { definitions, schema }: JsonSchemas.Document): Json {
    if (this.schemas[name] === undefined) {
      const renamed = (key: string) => `${name}.${key.replace(/[^\w.-]/g, "_")}`
      this.schemas[name] = rewritten(schema, renamed) as Json
      for (const [key, definition] of Object.entries(definitions)) {
        this.schemas[renamed(key)] = rewritten(definition, renamed) as Json
      }
    }
    return { $ref: `#/components/schemas/${name}` }
  }

  problem(name: string, base: string, problem: problems.Problem): Json {
    const shown = problems.shownOf(problem)
    const visible = Object.fromEntries(shown.map((key) => [key, problem.members[key]!]))
    const { definitions, schema } = JsonSchemas.document(Schema.Struct(visible))
    const { properties = {}, required = [] } = schema as { properties?: Json; required?: ReadonlyArray<string> }
    return this.add(name, {
      dialect: "draft-2020-12",
      definitions,
      schema: {
        type: "object",
        properties: {
          type: { const: base + problem.slug },
          title: { const: problem.title },
          status: { const: problem.status },
          detail: { type: "string" },
          instance: { type: "string", format: "uri-reference" },
          ...problem.rejection && { rejection: { const: problem.tag } },
          ...properties,
        },
        required: [
          ...["type", "title", "status", "detail", "instance"],
          ...problem.rejection ? ["rejection"] : [],
          ...required,
        ],
        additionalProperties: false,
      },
    })
  }
}

const inline = (schema: Schema.Constraint): Json => JsonSchemas.document(schema).schema

const parameterOf = ({ description, in: where, name, required, schema }: Parameter): Json => ({
  name,
  in: where,
  description,
  required: required ?? where === "path",
  schema: inline(schema),
})

const text = { schema: { type: "string" } }
/** Headers that answers of a status carry. */
const headersOf = (status: number): Json =>
  status === 401
    ? { "WWW-Authenticate": text }
    : status === 405
    ? { Allow: text }
    : status === 429 || status === 503
    ? { "Retry-After": { schema: { type: "integer", minimum: 1 } } }
    : {}

/** All problems that a route may answer, by status. */
const problemsOf = (route: Route, components: Components, base: string): Json => {
  const { operation: { command, errors }, path, scopes, whileDraining } = route
  const tags = [
    ...guard.openTags,
    ...scopes.length === 0 ? [] : guard.scopedTags,
    ...whileDraining === true ? [] : guard.workTags,
    ...errors,
  ]
  const found = [...new Set(tags)].map(problems.of).map((problem) => ({
    status: problem.status,
    schema: components.problem(`problem.${problem.slug}`, base, problem),
  }))
  const owner = path.split("/")[2]
  for (const rejection of command?.rejections ?? []) {
    const problem = problems.ofRejection(rejection)
    const name = `${owner}.${command!.tag}.${problem.tag}`
    found.push({ status: problem.status, schema: components.problem(name, base, problem) })
  }
  const statuses = [...new Set(found.map(({ status }) => status))].sort((a, b) => a - b)
  return Object.fromEntries(statuses.map((status) => {
    const schemas = found.filter((one) => one.status === status).map(({ schema }) => schema)
    const schema = schemas.length === 1 ? schemas[0]! : { oneOf: schemas }
    return [status, {
      description: "A problem.",
      headers: headersOf(status),
      content: { "application/problem+json": { schema } },
    }]
  }))
}

const operationOf = (route: Route, components: Components, base: string): Json => {
  const { operation, path, scopes } = route
  const { command, ok, operationId, parameters, summary } = operation
  const schema = components.add(`${operationId}.answer`, JsonSchemas.document(ok.schema))
  return {
    operationId,
    summary,
    tags: [path.split("/")[1] === "v1" ? path.split("/")[2] : "operations"],
    parameters: parameters.map(parameterOf),
    ...command === undefined ? {} : {
      requestBody: {
        required: true,
        content: { "application/json": { schema: components.add(operationId, JsonSchemas.command(command)) } },
      },
    },
    responses: {
      200: {
        description: ok.description,
        headers: ok.etag === true ? { ETag: text } : {},
        content: { [ok.mediaType]: { schema } },
      },
      ...ok.etag === true && command === undefined
        ? { 304: { description: "Not modified.", headers: { ETag: text } } }
        : {},
      ...problemsOf(route, components, base),
    },
    security: [...scopes, ...route.instead?.scopes ?? []].map((scope) => ({ bearer: [scope] })),
  }
}

/** The document; `base` stands before the slug in the `type` of every problem. */
export const openapi = (app: App, routes: ReadonlyArray<Route>, base: string): Json => {
  const components = new Components()
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    const path = (paths[route.path.replace(":id", "{id}")] ??= {})
    path[route.method.toLowerCase()] = operationOf(route, components, base)
  }
  return {
    openapi: "3.1.0",
    info: { title: app.name, version: "1" },
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "With the scopes that are named." },
      },
      schemas: components.schemas,
    },
  }
}
