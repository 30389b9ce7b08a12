/**
 * The laws of every schema registry, against moto's Glue.
 *
 * moto answers ListSchemas with 500: it is played here as AWS documents it (pages, `NextToken`, `SchemaStatus`), over what
 * moto was seen to create. moto's own comparison takes everything, and is never PENDING: what Glue says beyond that is in
 * `Glue.test.ts`, in AWS's documented answers too.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import process from "node:process"
import { afterAll, beforeAll } from "vitest"
import { first } from "../../../core/laws/schemas.ts"
import { defaults, Limits } from "../../../core/Limits.ts"
import { draft07Laws, laws, reopened } from "../../../core/SchemaRegistry.laws.ts"
import { SchemaRegistry } from "../../../core/SchemaRegistry.ts"
import { type Asked, engine, faults, type Proxy, proxy } from "../../../tests/engine.ts"
import * as Glue from "./Glue.ts"

const registry = "nexus"
const region = "eu-central-1"
const amzJson = { "content-type": "application/x-amz-json-1.1" }
const actionOf = ({ headers }: Asked) => headers["x-amz-target"]?.replace("AWSGlue.", "")

/** Two a page, so that there are pages. */
const listing = () => {
  const names: Array<string> = []
  return (asked: Asked) => {
    const action = actionOf(asked)
    if (action !== "CreateSchema" && action !== "ListSchemas") return undefined
    const { NextToken = "0", SchemaName } = JSON.parse(asked.body)
    if (action === "CreateSchema") return void names.push(SchemaName)
    const from = Number(NextToken)
    const Schemas = names.slice(from, from + 2).map((SchemaName) => ({
      ...{ RegistryName: registry, SchemaName, SchemaStatus: "AVAILABLE" },
      SchemaArn: `arn:aws:glue:${region}:123456789012:schema/${registry}/${SchemaName}`,
    }))
    const more = from + 2 < names.length ? { NextToken: `${from + 2}` } : {}
    return faults.answer(200, JSON.stringify({ Schemas, ...more }), amzJson)
  }
}

describe("the Glue registry against moto", () => {
  const moto = engine("moto")
  let before: Proxy
  beforeAll(async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" })
    const created = await fetch(moto().url, {
      method: "POST",
      headers: {
        ...{ "content-type": "application/x-amz-json-1.1", "x-amz-target": "AWSGlue.CreateRegistry" },
        authorization:
          `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/glue/aws4_request, SignedHeaders=host, Signature=x`,
      },
      body: JSON.stringify({ RegistryName: registry }),
    })
    assert.strictEqual(created.status, 200, await created.text())
    before = await proxy(moto().url)
    before.on(listing())
  })
  afterAll(() => before.stop())

  // Two seconds are for production: here Python warms up beside other work. The bytes are Glue's.
  const limits = Layer.succeed(Limits, { ...defaults, registryTimeoutMs: 30_000, schemaBytes: 170_000 })
  const layer = Layer.unwrap(Effect.sync(() => Glue.layer({ registry, region, endpoint: before.url }))).pipe(
    Layer.provideMerge(limits),
  )

  for (const { name, law } of [...laws, ...draft07Laws]) it.live(name, () => Effect.provide(law, layer), 60_000)
  for (const { name, law } of reopened(layer)) it.live(name, () => law, 60_000)

  it.live("register() makes a schema of JSON under BACKWARD_ALL", () =>
    Effect.gen(function* () {
      yield* (yield* SchemaRegistry).register("Made.Happened.v1", first)
      const sent = JSON.parse(before.asked.findLast((asked) => actionOf(asked) === "CreateSchema")!.body)
      assert.deepInclude(sent, { DataFormat: "JSON", Compatibility: "BACKWARD_ALL" })
    }).pipe(Effect.provide(layer)))
})
