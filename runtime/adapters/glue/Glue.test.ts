/**
 * What Glue answers where moto cannot: a small stub that says what AWS's API reference documents for GetSchemaVersion,
 * RegisterSchemaVersion, ListSchemas and the common errors. Not AWS itself: what it does beyond its documents is not seen.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import process from "node:process"
import { object } from "../../../core/laws/schemas.ts"
import { defaults, Limits } from "../../../core/Limits.ts"
import { SchemaRegistry, type Shape } from "../../../core/SchemaRegistry.ts"
import * as Glue from "./Glue.ts"

Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "secret-of-the-test" })

const subject = "Order.Placed.v1"
const schema = object({ a: { type: "string" } })
const wider = object({ a: { type: "string" }, "b?": { type: "string" } })
const id = "a1b2c3d4-0000-4000-8000-000000000000"
const version = {
  ...{ SchemaVersionId: id, DataFormat: "JSON", VersionNumber: 1, Status: "AVAILABLE", CreatedTime: "2026-11-22" },
  SchemaDefinition: JSON.stringify(schema),
}
const one = { SchemaName: subject, Compatibility: "BACKWARD_ALL", LatestSchemaVersion: 1, NextSchemaVersion: 2 }

interface Asked {
  readonly [field: string]: unknown
  readonly SchemaVersionId?: string
  readonly SchemaVersionNumber?: { readonly LatestVersion?: boolean; readonly VersionNumber?: number }
}
type Say = (action: string, asked: Asked) => Response | object | Promise<Response>
const type = "application/x-amz-json-1.1"
const error = (name: string, status = 400, message = name) =>
  new Response(JSON.stringify({ __type: name, Message: message }), { status, headers: { "content-type": type } })
const notFound = () => error("EntityNotFoundException")

/** A Glue that says `answer`, or else has one schema with one version. */
const outcome = <A, E>(answer: Say, call: (registry: Shape) => Effect.Effect<A, E>, registryTimeoutMs = 30_000) => {
  const actions: Array<string> = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input as string, init as RequestInit)
    const action = request.headers.get("x-amz-target")!.replace("AWSGlue.", "")
    actions.push(action)
    const said = await answer(action, await request.json())
    if (said instanceof Response) return said
    return new Response(JSON.stringify(said), { headers: { "content-type": type } })
  }
  const layer = Glue.layer({ registry: "nexus", region: "eu-central-1", endpoint: "http://glue.test" }).pipe(
    Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)),
    Layer.provide(Layer.succeed(Limits, { ...defaults, registryTimeoutMs })),
  )
  return Effect.flatMap(SchemaRegistry, call).pipe(
    Effect.match({
      onSuccess: (value): unknown => value,
      onFailure: (error): unknown => error,
    }),
    Effect.map((said) => ({ said, actions })),
    Effect.provide(layer),
  )
}
const get = (registry: Shape) => registry.get(subject, 1)
const latest = (registry: Shape) => registry.get(subject, "latest")
const register = (registry: Shape) => registry.register(subject, wider)

/** One schema with one version; the versions that are looked up by id are `settled`, one after the other. */
const taking =
  (settled: Array<object>, added: () => object = () => ({ SchemaVersionId: id, Status: "PENDING" })): Say =>
  (action, asked) => {
    if (action === "GetSchema") return one
    if (action === "RegisterSchemaVersion") return added()
    return asked.SchemaVersionId === undefined ? version : settled.length > 1 ? settled.shift()! : settled[0]!
  }
const second = { ...version, VersionNumber: 2, SchemaDefinition: JSON.stringify(wider) }

describe("register()", () => {
  it.live("waits while Glue compares, and gives what stands there then", () =>
    Effect.gen(function* () {
      const { actions, said } = yield* outcome(
        taking([{ ...second, Status: "PENDING" }, { ...second, Status: "PENDING" }, second]),
        register,
      )
      assert.deepInclude(said, { revision: 2, schema: wider })
      assert.strictEqual(actions.filter((action) => action === "RegisterSchemaVersion").length, 1)
    }))

  it.live("does not wait for ever", () =>
    Effect.gen(function* () {
      const { said } = yield* outcome(taking([{ ...second, Status: "PENDING" }]), register, 300)
      assert.deepInclude(said, { _tag: "RegistryUnavailable", reason: "no answer in time" })
    }))

  it.live("says that Glue refuses what we would take", () =>
    Effect.gen(function* () {
      const failure = yield* outcome(taking([{ ...second, Status: "FAILURE" }]), register)
      const input = () => error("InvalidInputException", 400, "Schema is not COMPATIBLE with earlier versions")
      for (const { said } of [failure, yield* outcome(taking([], input), register)]) {
        assert.deepInclude(said, { _tag: "IncompatibleSchema", subject, mode: "BACKWARD_TRANSITIVE" })
      }
      const invalid = () => error("InvalidInputException", 400, "Schema definition of JSON data format is invalid")
      assert.deepInclude((yield* outcome(taking([], invalid), register)).said, { _tag: "SchemaInvalid", pointer: "" })
    }))

  it.live("adds a version where somebody else made the schema in between", () =>
    Effect.gen(function* () {
      const { actions, said } = yield* outcome((action, asked) => {
        if (action === "GetSchema") return notFound()
        if (action === "CreateSchema") return error("AlreadyExistsException")
        if (action === "RegisterSchemaVersion") return { SchemaVersionId: id, VersionNumber: 2, Status: "AVAILABLE" }
        return asked.SchemaVersionId === undefined ? notFound() : second
      }, register)
      assert.deepInclude(said, { revision: 2 })
      assert.deepStrictEqual(actions.slice(-3), ["CreateSchema", "RegisterSchemaVersion", "GetSchemaVersion"])
    }))

  it.live("says that there is no such registry, and that Glue is full", () =>
    Effect.gen(function* () {
      for (const name of ["EntityNotFoundException", "ResourceNumberLimitExceededException"]) {
        const { said } = yield* outcome((action) => action === "GetSchema" ? notFound() : error(name), register)
        assert.deepInclude(said, { _tag: "RegistryUnavailable", reason: name })
      }
    }))

  it.live("refuses what Glue has no room for before it asks", () =>
    Effect.gen(function* () {
      const large = object({ a: { type: "string", description: "x".repeat(170_000) } })
      const { actions, said } = yield* outcome(() => one, (registry) => registry.register(subject, large))
      assert.deepInclude(said, { _tag: "SchemaInvalid" })
      assert.deepStrictEqual(actions, [])
    }))
})

describe("get()", () => {
  it.live("passes over versions that Glue refused or deletes", () =>
    Effect.gen(function* () {
      const statuses = ["AVAILABLE", "AVAILABLE", "DELETING", "FAILURE"]
      const answer: Say = (action, { SchemaVersionNumber: asked }) => {
        if (action === "GetSchema") return { ...one, LatestSchemaVersion: 4 }
        const number = asked?.VersionNumber ?? 4
        return number > 4 ? notFound() : { ...version, VersionNumber: number, Status: statuses[number - 1] }
      }
      assert.deepInclude((yield* outcome(answer, latest)).said, { revision: 2 })
      const { said } = yield* outcome(answer, (registry) => registry.revisions(subject))
      assert.deepStrictEqual((said as ReadonlyArray<{ revision: number }>).map(({ revision }) => revision), [1, 2])
    }))

  it.live("does not believe any number of versions", () =>
    Effect.gen(function* () {
      for (const LatestSchemaVersion of [257, 4_000_000_000, 2 ** 53 - 1]) {
        const answer: Say = (action) => action === "GetSchema" ? { ...one, LatestSchemaVersion } : notFound()
        const revisions = (registry: Shape) => registry.revisions(subject)
        for (
          const call of [revisions, latest, register] as ReadonlyArray<
            (registry: Shape) => Effect.Effect<unknown, unknown>
          >
        ) {
          const { actions, said } = yield* outcome(answer, call)
          assert.deepInclude(said, { _tag: "RegistryUnavailable", reason: "too many revisions" })
          assert.isAtMost(actions.length, 3)
        }
      }
    }))

  const unusable: Readonly<Record<string, readonly [reason: string, asked: number, answer: Say]>> = {
    "an empty object": ["not its words", 1, () => ({})],
    "a schema of another format": ["not a JSON Schema", 1, () => ({ ...version, DataFormat: "AVRO" })],
    "another version": ["not what was asked for", 1, () => ({ ...version, VersionNumber: 7 })],
    "HTML": ["not-json", 1, () => new Response("<html>", { headers: { "content-type": "text/html" } })],
    "HTML of a gateway": ["status 502", 3, () => new Response("<html>", { status: 502 })],
    "a redirect": ["redirected", 1, () => new Response(null, { status: 301, headers: { location: "http://a.test/" } })],
    "too many bytes": ["too-large", 1, () => ({ ...version, more: "x".repeat(600_000) })],
    "too deep": ["too-deep", 1, () => JSON.parse(`{"a":${"[".repeat(500)}${"]".repeat(500)}}`)],
    "AccessDenied": ["not let in", 1, () => error("AccessDeniedException")],
    "an expired token": ["not let in", 1, () => error("ExpiredTokenException")],
    "throttling": ["ThrottlingException", 3, () => error("ThrottlingException")],
    "an error of the service": ["InternalServiceException", 3, () => error("InternalServiceException", 500)],
    "cut off": ["unreachable", 3, () => Promise.reject(new TypeError("reset"))],
  }
  for (const [what, [reason, asked, answer]] of Object.entries(unusable)) {
    it.live(`takes ${what} for no answer, and asks ${asked === 1 ? "once" : "three times"}`, () =>
      Effect.gen(function* () {
        const { actions, said } = yield* outcome(answer, get)
        assert.deepInclude(said, { _tag: "RegistryUnavailable", reason })
        assert.strictEqual(actions.length, asked)
        assert.notInclude(JSON.stringify(said), "secret")
      }))
  }

  it.live("is right where only the third attempt is", () =>
    Effect.gen(function* () {
      let left = 2
      const { said } = yield* outcome(() => left-- > 0 ? error("ThrottlingException") : version, get)
      assert.deepInclude(said, { revision: 1, schema })
    }))
})

describe("subjects()", () => {
  const page = (names: ReadonlyArray<string>, more?: string): object => ({
    Schemas: names.map((SchemaName) => ({ SchemaName, RegistryName: "nexus", SchemaStatus: "AVAILABLE" })),
    ...more === undefined ? {} : { NextToken: more },
  })
  const list = (registry: Shape) => registry.subjects(undefined, 10)

  it.live("reads all pages, sorts them, and leaves out what is no subject or deleted", () =>
    Effect.gen(function* () {
      const { said } = yield* outcome((_, { NextToken }) => {
        if (NextToken === undefined) return page(["B.B.v1", "not-a-subject"], "t")
        if (NextToken === "t") return page([], "u")
        const gone = { SchemaName: "A.C.v1", SchemaStatus: "DELETING" }
        return { Schemas: [{ SchemaName: "A.A.v1", SchemaStatus: "AVAILABLE" }, gone] }
      }, list)
      assert.deepStrictEqual(said, ["A.A.v1", "B.B.v1"])
    }))

  it.live("does not read pages for ever", () =>
    Effect.gen(function* () {
      const { actions, said } = yield* outcome(() => page(["A.A.v1"], "again"), list)
      assert.deepInclude(said, { _tag: "RegistryUnavailable", reason: "too many subjects" })
      assert.strictEqual(actions.length, 100)
    }))
})
