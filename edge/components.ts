/**
 * The schemas of a document by name: what the OpenAPI and the AsyncAPI document are made of.
 * @module
 */
import { Schema } from "effect"
import * as JsonSchemas from "../schemas/JsonSchemas.ts"
import * as problems from "./problems.ts"
import { unescape } from "../schemas/pointer.ts"

export type Json = { readonly [key: string]: unknown }

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
      const plain = unescape(decodeURIComponent(name))
      return [key, `#/components/schemas/${renamed(plain)}`]
    }),
  )
}

/** The schemas of the document by name; a definition inside a schema becomes one of the document, with its own name. */
export class Components {
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
