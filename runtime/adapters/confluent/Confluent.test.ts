/**
 * What the adapter makes of answers, right and wrong ones, without a registry: the laws run against a real one apart.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { object } from "../../../core/laws/schemas.ts"
import { defaults, Limits } from "../../../core/Limits.ts"
import { SchemaRegistry, type Shape } from "../../../core/SchemaRegistry.ts"
import * as Confluent from "./Confluent.ts"

const subject = "Order.Placed.v1"
const schema = object({ a: { type: "string" } })
const version = { subject, id: 7, version: 1, schemaType: "JSON", schema: JSON.stringify(schema) }
const type = "application/vnd.schemaregistry.v1+json"

type Say = (method: string, path: string, body: string) => Response | Promise<Response>
const say = (body: unknown, status = 200, contentType = type) =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), {
    status,
    headers: { "content-type": contentType },
  })
const error = (code: number) =>
  say({ error_code: code, message: `error ${code}` }, code < 1_000 ? code : Math.floor(code / 100))

/** A registry whose answers are made by `answer`, and the requests that it was sent. */
const answering = (answer: Say) => {
  const requests: Array<Request> = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input as string, init as RequestInit)
    requests.push(request.clone())
    const path = decodeURIComponent(new URL(request.url).pathname)
    return await answer(request.method, path, await request.text())
  }
  const settings = { url: "http://registry.test/base", authorization: "Bearer secret" }
  const layer = Confluent.layer(settings).pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)))
  return { requests, layer }
}

/** How a call ends: its value, or `tag: reason`. */
const outcome = <A, E extends { readonly _tag: string }>(
  answer: Say,
  call: (registry: Shape) => Effect.Effect<A, E>,
  registryTimeoutMs = 30_000,
) => {
  const { layer, requests } = answering(answer)
  return Effect.flatMap(SchemaRegistry, call).pipe(
    Effect.match({
      onSuccess: (value): unknown => value,
      onFailure: (error: E): unknown => `${error._tag}: ${(error as { reason?: string }).reason ?? ""}`,
    }),
    Effect.map((said) => ({ said, requests })),
    Effect.provide(Layer.provide(layer, Layer.succeed(Limits, { ...defaults, registryTimeoutMs }))),
  )
}
const get = (registry: Shape) => registry.get(subject, 1)

describe("an answer", () => {
  it.live("is asked for by its path, with the header of whoever may ask", () =>
    Effect.gen(function* () {
      const { requests, said } = yield* outcome(() => say(version), get)
      assert.deepInclude(said, { subject, revision: 1, schema })
      assert.strictEqual(requests.length, 1)
      assert.strictEqual(requests[0]!.url, `http://registry.test/base/subjects/${subject}/versions/1`)
      assert.strictEqual(requests[0]!.headers.get("authorization"), "Bearer secret")
      assert.strictEqual(requests[0]!.redirect, "manual")
    }))

  const unusable: Readonly<Record<string, readonly [reason: string, answer: Say]>> = {
    "HTML": ["not-json", () => say("<html>", 200, "text/html")],
    "JSON called HTML": ["not-json", () => say(version, 200, "text/html")],
    "a text that ends early": ["not-json", () => say(JSON.stringify(version).slice(0, 50))],
    "a redirect": ["redirected", () => new Response(null, { status: 302, headers: { location: "http://evil.test/" } })],
    "too many bytes": ["too-large", () => say({ ...version, more: "x".repeat(600_000) })],
    "a schema of too many bytes": ["too-large", () => say({ ...version, schema: `{"a":"${"x".repeat(300_000)}"}` })],
    "too deep an answer": ["too-deep", () => say("[".repeat(5_000))],
    "too deep a schema": ["too-deep", () => say({ ...version, schema: "[".repeat(5_000) })],
    "a schema that is no object": ["not-a-schema", () => say({ ...version, schema: "[]" })],
    "a schema that is no JSON": ["not-json", () => say({ ...version, schema: "{" })],
    "Avro": ["not a JSON Schema", () => say({ ...version, schemaType: undefined })],
    "Protobuf": ["not a JSON Schema", () => say({ ...version, schemaType: "PROTOBUF" })],
    "another subject": ["not what was asked for", () => say({ ...version, subject: "Order.Paid.v1" })],
    "another number": ["not what was asked for", () => say({ ...version, version: 2 })],
    "a number that is none": ["not its words", () => say({ ...version, version: 0 })],
    "an empty object": ["not its words", () => say({})],
    "null": ["not its words", () => say(null)],
    "401": ["not let in", () => error(401)],
    "403": ["not let in", () => error(403)],
    "404 in nobody's words": ["status 404", () => say({}, 404)],
    "404 as HTML": ["not-json", () => say("<html>", 404, "text/html")],
    "an error that the API does not have": ["error 40499", () => error(40499)],
  }
  it.live("that does not come is not waited for", () =>
    Effect.gen(function* () {
      const { said } = yield* outcome(() => new Promise(() => {}), get, 50)
      assert.strictEqual(said, "RegistryUnavailable: no answer in time")
    }))
  for (const [what, [reason, answer]] of Object.entries(unusable)) {
    it.live(`that is ${what} is none, and asked for once`, () =>
      Effect.gen(function* () {
        const { requests, said } = yield* outcome(answer, get)
        assert.strictEqual(said, `RegistryUnavailable: ${reason}`)
        assert.strictEqual(requests.length, 1)
      }))
  }

  for (const status of [429, 500, 502, 503, 504]) {
    it.live(`${status} is asked for three times and no more, and the third may be right`, () =>
      Effect.gen(function* () {
        const failing = yield* outcome(() => say({}, status), get)
        assert.deepStrictEqual([failing.said, failing.requests.length], [`RegistryUnavailable: status ${status}`, 3])
        let left = 2
        const mended = yield* outcome(() => left-- > 0 ? say({}, status) : say(version), get)
        assert.deepInclude(mended.said, { revision: 1 })
      }))
  }

  it.live("that says when to come again is believed within bounds", () =>
    Effect.gen(function* () {
      for (const [header, seconds] of [["7", 7], ["0", 1], ["never", 1], ["86400", 1]] as const) {
        const answer = () => new Response("", { status: 503, headers: { "retry-after": header } })
        const { said } = yield* outcome(
          answer,
          (registry) => Effect.matchEffect(get(registry), { onSuccess: Effect.die, onFailure: Effect.succeed }),
        )
        assert.deepInclude(said, { retryAfterSeconds: seconds })
      }
    }))
})

/** A registry with one revision, which takes a second schema with `added`. */
const taking = (added: () => Response): Say => (method, path, body) => {
  if (path.endsWith("/versions") && method === "GET") return say([1])
  if (path.endsWith("/versions")) return added()
  if (path.includes("/config/")) return method === "GET" ? error(40408) : say({ compatibility: "x" })
  if (path.endsWith("/versions/1")) return say(version)
  return say({ ...version, version: 2, schema: method === "POST" ? JSON.parse(body).schema : JSON.stringify(wider) })
}
const wider = object({ a: { type: "string" }, "b?": { type: "string" } })
const register = (registry: Shape) => registry.register(subject, wider)

describe("register()", () => {
  it.live("sets the mode before it sends the schema, and reads what stands there then", () =>
    Effect.gen(function* () {
      const { requests, said } = yield* outcome(taking(() => say({ id: 8 })), register)
      assert.deepInclude(said, { revision: 2, schema: wider })
      const writes = requests.filter(({ method }) => method !== "GET")
      const sent = yield* Effect.promise(() => Promise.all(writes.map((one) => one.json())))
      assert.deepStrictEqual(writes.map(({ method, url }) => `${method} ${new URL(url).pathname}`), [
        `PUT /base/config/${subject}`,
        `POST /base/subjects/${subject}/versions`,
        `POST /base/subjects/${subject}`,
      ])
      assert.deepStrictEqual(sent[0], { compatibility: "BACKWARD_TRANSITIVE" })
      assert.deepInclude(sent[1], { schemaType: "JSON" })
    }))

  it.live("tells a refusal of the registry's own from an outage", () =>
    Effect.gen(function* () {
      const refused = yield* outcome(
        taking(() => error(409)),
        (registry) => Effect.matchEffect(register(registry), { onSuccess: Effect.die, onFailure: Effect.succeed }),
      )
      assert.deepInclude(refused.said, { _tag: "IncompatibleSchema", subject, mode: "BACKWARD_TRANSITIVE" })
      const [difference] =
        (refused.said as { differences: ReadonlyArray<{ rule: string; repair: string }> }).differences
      assert.strictEqual(difference?.rule, "refused-by-registry")
      assert.match(difference!.repair, /error 409/)
      assert.match(`${(yield* outcome(taking(() => error(42201)), register)).said}`, /^SchemaInvalid/)
      assert.strictEqual(
        (yield* outcome(taking(() => error(42299)), register)).said,
        "RegistryUnavailable: error 42299",
      )
    }))

  it.live("does not believe a registry that holds something else then", () =>
    Effect.gen(function* () {
      const answer = taking(() => say({ id: 8 }))
      const { said } = yield* outcome(
        (method, path, body) =>
          path.endsWith("/versions/2")
            ? say({ ...version, version: 2, schema: JSON.stringify(object({ a: { type: "string" } })) })
            : answer(method, path, body),
        register,
      )
      assert.strictEqual(said, "RegistryUnavailable: the registry changed the schema")
    }))
})
