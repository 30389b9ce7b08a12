/**
 * The OpenAPI 3.1 document of an application, made from the very routes that are served. The same application gives the
 * same bytes.
 * @module
 */
import { Schema } from "effect"
import type { App } from "../core/App.ts"
import * as JsonSchemas from "../schemas/JsonSchemas.ts"
import { Components, type Json } from "./components.ts"
import * as guard from "./guard.ts"
import { template } from "./permit.ts"
import * as problems from "./problems.ts"
import type { Parameter, Route } from "./route.ts"

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
    schema: components.problem(`problem.${problems.nameOf(problem)}`, base, problem),
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
  const { body, command, ok, operationId, parameters, summary } = operation
  const asked = command === undefined ? body && JsonSchemas.document(body) : JsonSchemas.command(command)
  const schema = components.add(`${operationId}.answer`, JsonSchemas.document(ok.schema))
  return {
    operationId,
    summary,
    tags: [path.split("/")[1] === "v1" ? path.split("/")[2] : "operations"],
    parameters: parameters.map(parameterOf),
    ...asked === undefined ? {} : {
      requestBody: {
        required: true,
        content: { "application/json": { schema: components.add(operationId, asked) } },
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
    const path = (paths[template(route.path)] ??= {})
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
