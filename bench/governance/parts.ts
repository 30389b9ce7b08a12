/**
 * What governance is made of, each part by itself: a call is timed alone, after so many that the code is compiled.
 * @module
 */
import { Effect, Layer, ManagedRuntime, Result } from "effect"
import * as Ajv from "ajv/dist/2020.js"
import * as Declared from "../../core/Declared.ts"
import * as Limits from "../../core/Limits.ts"
import { type Input, PolicyEnforcer } from "../../core/PolicyEnforcer.ts"
import { start } from "../../edge/deno.ts"
import { withEngine } from "../../infra/engines/running.ts"
import * as RemoteEngine from "../../policies/RemoteEngine.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import * as Validator from "../../schemas/Validator.ts"
import { app, placeOrder } from "../domain.ts"
import { type Figures, type Measurement, round } from "../Figures.ts"
import * as Comparison from "./comparison.ts"
import { policies, registered } from "./gate.ts"

/** Microseconds of each of `count` calls, sorted. */
const timesUs = async (count: number, call: (n: number) => unknown): Promise<ReadonlyArray<number>> => {
  const times: Array<number> = []
  for (let n = -count; n < count; n++) {
    const startedAt = performance.now()
    const answer = call(n)
    if (answer instanceof Promise) await answer
    if (n >= 0) times.push((performance.now() - startedAt) * 1000)
  }
  return times.sort((a, b) => a - b)
}
const p99 = (times: ReadonlyArray<number>): number => times[Math.ceil(times.length * 0.99) - 1]!
const p50 = (times: ReadonlyArray<number>): number => times[Math.floor(times.length / 2)]!

const us = (name: string, times: ReadonlyArray<number>): Figures => ({
  [`${name}P50Us`]: round(p50(times), 2),
  [`${name}P99Us`]: round(p99(times), 2),
})

/** An event of about 300 bytes with its schema. */
const event = () => {
  const { payload: value } = placeOrder("order-1")
  const { schema } = Declared.make(app).find(({ type }) => type === "OrderPlaced")!
  return { value: JSON.parse(JSON.stringify(value)) as unknown, schema, bytes: JSON.stringify(value).length }
}

const question = (subject: string): Input => ({
  action: "append",
  app: app.name,
  aggregate: "Order",
  type: "OrderPlaced",
  tenant: "bench",
  subject,
  scopes: ["commands:*", "read", "history"],
  path: "",
})

const ofNexus = async (count: number, folder: string): Promise<Figures> => {
  const { bytes, schema, value } = event()
  const validator = Result.getOrThrow(Validator.make(schema))
  const validated = await timesUs(count, () => {
    if (validator(value).length > 0) throw new Error("the event fits")
  })
  const checks = Math.ceil(count / 20)
  const [compared, refused] = [Comparison.compatible(checks), Comparison.incompatible(checks)]
  const runtime = ManagedRuntime.make(
    Layer.mergeAll(policies, Layer.provideMerge(registered(app), CachedRegistry.layer)).pipe(
      Layer.provide(Layer.orDie(Sqlite.layer({ folder }))),
    ),
  )
  const enforcer = await runtime.runPromise(Effect.service(PolicyEnforcer))
  const registry = await runtime.runPromise(Effect.service(CachedRegistry))
  // One that a busy machine held up for longer than it may take is refused, and counts with the time that it took.
  const decided = await timesUs(count, (n) => Effect.runPromise(Effect.exit(enforcer.enforce(question(`s${n}`)))))
  const again = question("again")
  await Effect.runPromise(enforcer.enforce(again))
  const remembered = await timesUs(count, () => {
    if (enforcer.known(again) !== true) throw new Error("the decision is remembered")
  })
  const [{ hash2020, subject }] = Declared.make(app) as [Declared.Declared]
  const retrieved = await timesUs(count, () => Effect.runPromise(registry.get(subject, "latest")))
  const looked = await timesUs(count, () => {
    if (registry.look(subject, [hash2020]) !== true) throw new Error("the schema is registered")
  })
  await runtime.dispose()
  const listed = await listing(count, folder)
  return {
    ...{ count, bytes, ...us("validate", validated), ...us("decide", decided), ...us("remembered", remembered) },
    ...{
      ...us("look", looked),
      getP99Ms: round(p99(retrieved) / 1000, 3),
      compareP99Ms: round(p99(compared), 2),
      refuseP99Ms: round(p99(refused), 2),
    },
    ...listed,
  }
}

/** Over HTTP to a server of this very process, token included. */
const listing = async (count: number, folder: string): Promise<Figures> => {
  const server = await start(app, { env: { NEXUS_DATA: `${folder}/http`, PORT: "0" }, logLevel: "None" })
  const token = await server.mint!({ tenant: "bench", subject: "bench", scope: "schemas:read", ttlSeconds: 600 })
  const request = { headers: { authorization: `Bearer ${token}` } }
  const times = await timesUs(Math.ceil(count / 10), async () => {
    const response = await fetch(`${server.url}/v1/schemas`, request)
    const { subjects } = await response.json() as { readonly subjects: ReadonlyArray<string> }
    if (subjects.length === 0) throw new Error(`the answer is ${response.status}`)
  })
  await server.stop()
  return { schemasP99Ms: round(p99(times) / 1000, 2) }
}

const ofAjv = async (count: number): Promise<Figures> => {
  const { bytes, schema, value } = event()
  const validate = new Ajv.Ajv2020({ strict: false }).compile(schema)
  const times = await timesUs(count, () => {
    if (!validate(value)) throw new Error("the event fits")
  })
  return { count, bytes, ...us("validate", times) }
}

/** The same question to a real server over loopback, kept alive. */
const ofOpa = (count: number): Promise<Figures> =>
  withEngine("opa", async ({ url }) => {
    const text = await Deno.readTextFile(new URL("../../policies/authorization.rego", import.meta.url))
    await (await fetch(`${url}/v1/policies/authorization`, { method: "PUT", body: text })).text()
    // What is measured is how long it takes, also where a server would have given it up.
    const { decide } = RemoteEngine.make(url, { ...Limits.defaults, remoteDecisionMs: 10_000 })
    const few = Math.ceil(count / 10)
    const times = await timesUs(few, async (n) => {
      if (await Effect.runPromise(decide(question(`s${n}`))) !== true) throw new Error("the append is allowed")
    })
    return { count: few, ...us("decide", times) }
  })

export const of = async (subject: string, count: number, folder: string): Promise<Measurement> => {
  const figures = subject === "ajv"
    ? await ofAjv(count)
    : subject === "opa"
    ? await ofOpa(count)
    : await ofNexus(count, folder)
  return { subject, workload: "governance-parts", figures, faults: [] }
}
