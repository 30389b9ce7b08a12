/**
 * The AsyncAPI 3.0 document of `/v1/stream`, made from the schemas that read and describe its frames, and from the
 * application's events. The same application gives the same bytes.
 * @module
 */
import { JsonSchema, Schema } from "effect"
import type { App } from "../core/App.ts"
import type { Limits } from "../core/Limits.ts"
import * as JsonSchemas from "../schemas/JsonSchemas.ts"
import { struct } from "../schemas/Fields.ts"
import { Components, type Json } from "./components.ts"
import * as frames from "./stream/frames.ts"
import { path } from "./stream/routes.ts"

/** AsyncAPI builds on draft 7. */
const draft07 = (document: JsonSchemas.Document): JsonSchemas.Document => {
  const { definitions, schema } = JsonSchema.toDocumentDraft07(document)
  return { dialect: "draft-2020-12", definitions, schema }
}

/** A payload may hold fields that this release does not know, written by a newer one. */
const payload = (fields: Parameters<typeof struct>[0]) => draft07(Schema.toJsonSchemaDocument(struct(fields)))

/** What the payload of an event is, wherever aggregate, type and version are those of the application. */
const payloads = (app: App, components: Components): ReadonlyArray<Json> =>
  Object.values(app.aggregates).flatMap(({ contract }) =>
    Object.entries(contract.events).flatMap(([type, event]) =>
      event.versions.map((fields, i) => {
        const version = i + 1
        const named = { aggregate: contract.aggregate, type, schemaVersion: version }
        const is = Object.entries(named).map(([key, value]) => [key, { const: value }])
        return {
          if: { properties: Object.fromEntries(is) },
          then: {
            properties: { payload: components.add(`${contract.aggregate}.${type}.v${version}`, payload(fields)) },
          },
        }
      })
    )
  )

const received = { subscribe: frames.Subscribe, unsubscribe: frames.Unsubscribe }
const sent = (limits: Limits) => ({
  subscribed: frames.Subscribed,
  events: frames.Events(limits.eventsPerFrame),
  unsubscribed: frames.Unsubscribed,
  problem: frames.Problem,
})
const summaries: Readonly<Record<string, string>> = {
  subscribe: "Begins a subscription, or resumes it",
  unsubscribe: "Ends a subscription",
  subscribed: "The subscription has begun",
  events: "Events of a subscription; those of one instance in the order of their versions, without a gap",
  unsubscribed: "Nothing more comes of the subscription",
  problem: "A message was refused; the socket stays open",
}

const reference = (to: string) => ({ $ref: `#/${to}` })

export const asyncapi = (app: App, limits: Limits): Json => {
  const components = new Components()
  const known = payloads(app, components)
  const messages: Record<string, Json> = {}
  for (const [name, schema] of Object.entries({ ...received, ...sent(limits) })) {
    const payload = components.add(name, draft07(JsonSchemas.document(schema as Schema.Constraint)))
    messages[name] = { name, summary: summaries[name], contentType: "application/json", payload }
  }
  // The schema of the frame says what every event has; the application, what its own hold.
  const events = components.schemas["events"] as { properties: { events: { items: Json } } }
  const { items } = events.properties.events
  events.properties.events = { ...events.properties.events, items: { allOf: [items, ...known] } }
  const operation = (action: "send" | "receive", summary: string, names: object) => ({
    action,
    summary,
    channel: reference("channels/stream"),
    messages: Object.keys(names).map((name) => reference(`channels/stream/messages/${name}`)),
    security: [reference("components/securitySchemes/bearer")],
  })
  return {
    asyncapi: "3.0.0",
    info: {
      title: app.name,
      version: "1",
      description: "Events as they are stored. The token needs the scope `stream`, and never stands in the URL.",
    },
    defaultContentType: "application/json",
    channels: {
      stream: {
        address: path,
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, reference(`components/messages/${name}`)]),
        ),
        bindings: {
          ws: {
            method: "GET",
            query: { type: "object", properties: { ticket: { type: "string", description: "One-time." } } },
            bindingVersion: "0.1.0",
          },
        },
      },
    },
    operations: {
      listen: operation("receive", "What a client may say", received),
      tell: operation("send", "What a client is told", sent(limits)),
    },
    components: {
      messages,
      schemas: components.schemas,
      securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    },
  }
}
