/**
 * Speaks to a target: requests with tokens, and answers held against the served OpenAPI document.
 * @module
 */
import { Validator } from "@cfworker/json-schema"
import { assert } from "vitest"
import type { Target } from "./Target.ts"

export interface Ask {
  readonly method?: string
  readonly headers?: { readonly [name: string]: string }
  /** Text and bytes go as they are, anything else as JSON. */
  readonly body?: unknown
  /** Nothing: no token is sent. */
  readonly token?: string
}

export interface Said {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

interface Operation {
  readonly responses: {
    readonly [status: string]: { readonly content?: { readonly [type: string]: { schema: object } } }
  }
  readonly security: ReadonlyArray<{ readonly bearer: ReadonlyArray<string> }>
  readonly parameters: ReadonlyArray<{ readonly name: string; readonly in: string }>
  readonly requestBody?: unknown
}

export interface Document {
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } }
  readonly components: { readonly schemas: { readonly [name: string]: object } }
}

/** One operation of the document, as a thing to try. */
export interface Route {
  readonly path: string
  readonly method: string
  readonly operation: Operation
  /** A scope that is enough; nothing where the route is open. */
  readonly scope: string | undefined
}

export const everything =
  "commands:* read history stream schemas:read schemas:write policies:read dead-letters:read dead-letters:operate ops"

export const ask = async (target: Target, path: string, options: Ask = {}): Promise<Said> => {
  const { body, method = body === undefined ? "GET" : "POST", token } = options
  const headers = new Headers(options.headers)
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`)
  const init: RequestInit = { method, headers }
  if (body !== undefined) {
    if (!headers.has("content-type")) headers.set("content-type", "application/json")
    init.body = typeof body === "string" || body instanceof Uint8Array ? body as BodyInit : JSON.stringify(body)
  }
  // A decision that takes longer than 100 ms is a refusal, and nothing was done. A machine that is busy with other suites
  // may be as slow now and then, so whoever is told so comes again, as any client would.
  for (let again = 0;; again++) {
    const response = await target.fetch(path, init)
    const said = { status: response.status, headers: response.headers, text: await response.text() }
    if (said.status !== 503 || again === 5 || !said.text.includes("#policy-unavailable")) return said
  }
}

export const documentOf = async (target: Target): Promise<Document> =>
  JSON.parse((await ask(target, "/openapi.json")).text) as Document

export const routesOf = ({ paths }: Document): ReadonlyArray<Route> =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation,
      scope: operation.security[0]?.bearer[0],
    }))
  )

export const fill = (path: string, id: string): string =>
  path.replace("{id}", id).replace("{subject}", "Order.Filled.v1").replace("{revision}", "latest").replace(
    "{letter}",
    "none",
  )

const fits = (document: Document, schema: object, value: unknown): void => {
  const { errors, valid } = new Validator({ ...schema, components: document.components } as object, "2020-12").validate(
    value,
  )
  assert.isTrue(valid, JSON.stringify({ value, errors: errors.slice(-2) }))
}

/** The answer is one that the document promises: status, media type, body, headers. */
export const promised = (document: Document, route: Route, said: Said): void => {
  const response = route.operation.responses[said.status]
  assert.isDefined(response, `${route.method} ${route.path} answered ${said.status}: ${said.text}`)
  if (said.status === 304 || route.method === "HEAD") return assert.strictEqual(said.text, "")
  const type = said.headers.get("content-type")!.split(";")[0]!
  const content = response!.content![type]
  assert.isDefined(content, `${route.method} ${route.path} answered ${type}`)
  fits(document, content!.schema, type.endsWith("json") ? JSON.parse(said.text) : said.text)
  if (said.status === 429 || said.status === 503) assert.isAtLeast(Number(said.headers.get("retry-after")), 1)
  if (said.status === 401) assert.match(said.headers.get("www-authenticate")!, /^Bearer( error="invalid_token")?$/)
}

/** A problem of this type, with all that every problem has and nothing that none may have. */
export const problem = (said: Said, status: number, slug: string): Record<string, unknown> => {
  assert.strictEqual(said.status, status, said.text)
  assert.strictEqual(said.headers.get("content-type"), "application/problem+json")
  const body = JSON.parse(said.text) as Record<string, unknown>
  assert.strictEqual(body["type"], `/problems#${slug}`)
  assert.strictEqual(body["status"], status)
  for (const member of ["title", "detail", "instance"]) assert.isString(body[member])
  assert.notMatch(said.text, /\.ts\b|node_modules|\bat \w+ \(|Bearer ey|[?]\w+=/)
  return body
}
