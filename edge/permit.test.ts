/**
 * Every route that needs a scope asks the policies, and none that is open does.
 * @module
 */
import { Effect, Layer, Logger, ManagedRuntime } from "effect"
import { afterEach, assert, describe, it } from "vitest"
import * as DeadLettersMemory from "../core/DeadLettersMemory.ts"
import * as EventStoreMemory from "../core/EventStoreMemory.ts"
import * as LeasesMemory from "../core/LeasesMemory.ts"
import { type Input, PolicyDenied, PolicyEnforcer, type Shape as Enforcer } from "../core/PolicyEnforcer.ts"
import * as QueryLimiterMemory from "../core/QueryLimiterMemory.ts"
import * as SchemaRegistryMemory from "../core/SchemaRegistryMemory.ts"
import * as SnapshotStoreMemory from "../core/SnapshotStoreMemory.ts"
import * as ViolationsMemory from "../core/ViolationsMemory.ts"
import { ActorHost } from "../runtime/ActorHost.ts"
import { Gate } from "../runtime/Gate.ts"
import { Tail } from "../runtime/Tail.ts"
import { TickTrigger } from "../runtime/TickTrigger.ts"
import { TimeTravel } from "../runtime/TimeTravel.ts"
import boxes from "../tests/http/app.ts"
import { makeApp } from "./app.ts"
import { Unauthorized } from "./refusals.ts"

const everything = "commands:* read history stream schemas:read schemas:write policies:read dead-letters:read " +
  "dead-letters:operate sagas:read sagas:operate schedules:operate ops"
/** The token is `tenant` or `tenant:scopes`. */
const authenticate = (header: string | undefined) => {
  if (header === undefined) return Effect.fail(new Unauthorized({ came: false }))
  const [tenant = "", scopes = everything] = header.replace("Bearer ", "").split("/")
  return Effect.succeed({ tenant, subject: "s", scopes: scopes.split(" "), expiresAt: Infinity })
}

const opened: Array<ManagedRuntime.ManagedRuntime<never, never>> = []
afterEach(() => Promise.all(opened.splice(0).map((runtime) => runtime.dispose())))

const denial = new PolicyDenied({ policy: "p", rule: "r" })
const denying: Enforcer = { known: () => undefined, enforce: () => Effect.fail(denial) }

const open = async (enforcer: Enforcer) => {
  const asked: Array<Input> = []
  const runtime = ManagedRuntime.make(
    Layer.mergeAll(ActorHost.layer(boxes), TimeTravel.layer(boxes)).pipe(
      Layer.provide([Gate.layerOpen, TickTrigger.layerImmediate]),
      Layer.provideMerge(Tail.layer),
      Layer.provideMerge([
        EventStoreMemory.layer,
        QueryLimiterMemory.layer,
        SchemaRegistryMemory.layer,
        SnapshotStoreMemory.layer,
        ViolationsMemory.layer,
        DeadLettersMemory.layer,
        LeasesMemory.layer,
      ]),
      Layer.provideMerge(Layer.succeed(PolicyEnforcer, {
        known: (input) => (asked.push(input), enforcer.known(input)),
        enforce: enforcer.enforce,
      })),
      Layer.provideMerge(Logger.layer([])),
    ),
  )
  opened.push(runtime as never)
  const edge = makeApp({ app: boxes, authenticate, context: await runtime.context() })
  const fetch = async (
    method: string,
    path: string,
    token?: string,
    headers: Record<string, string> = {},
    body = "{}",
  ) => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const init = { method, headers: { ...authorization, ...headers }, ...method === "POST" ? { body } : {} }
    const response = await edge.fetch(new Request(`http://nexus${path}`, init))
    return { status: response.status, headers: [...response.headers], text: await response.text() }
  }
  return { asked, edge, fetch }
}

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly security: ReadonlyArray<unknown> }>>>>
}

describe("the policies", () => {
  it("are asked about every route that needs a scope, by its template; their no is the answer", async () => {
    const { asked, fetch } = await open(denying)
    const { paths } = JSON.parse((await fetch("GET", "/openapi.json")).text) as Described
    let closed = 0
    for (const [template, methods] of Object.entries(paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        asked.length = 0
        const { status, text } = await fetch(method.toUpperCase(), template.replaceAll(/\{\w+\}/g, "x"), "t")
        const name = `${method} ${template}`
        if (security.length === 0) {
          assert.deepStrictEqual([status === 403, asked], [false, []], name)
          continue
        }
        closed++
        assert.strictEqual(status, 403, name)
        assert.deepInclude(JSON.parse(text), { type: "/problems#policy-denied", policy: "p", rule: "r" }, name)
        assert.strictEqual(asked.length, 1, name)
        const { path, scopes, subject, tenant } = asked[0]!
        assert.deepStrictEqual([path, tenant, subject, scopes.join(" ")], [template, "t", "s", everything], name)
      }
    }
    assert.isAbove(closed, 5)
  })

  it("are told what a request does, and to which aggregate", async () => {
    const { asked, fetch } = await open(denying)
    for (
      const [method, path, expected] of [
        ["POST", "/v1/Box/a/commands/Put", ["command", "Box", "Put"]],
        ["GET", "/v1/Box", ["read", "Box", ""]],
        ["GET", "/v1/Box/a", ["read", "Box", ""]],
        ["GET", "/v1/Box/a?version=1", ["history", "Box", ""]],
        ["GET", "/v1/Box/a?asOf=5", ["history", "Box", ""]],
        ["GET", "/v1/Box/a/events", ["history", "Box", ""]],
        ["GET", "/v1/events?from=1&to=2", ["history", "", ""]],
        ["GET", "/v1/events?from=1&to=2&aggregate=Box", ["history", "Box", ""]],
        ["GET", "/v1/events?from=1&to=2&aggregate=Bo%78", ["history", "Box", ""]],
        ["GET", "/v1/events?from=1&to=2&aggregate=Nothing", ["history", "", ""]],
        ["GET", "/v1/Box/a/events?aggregate=Nothing", ["history", "Box", ""]],
        ["POST", "/v1/stream/tickets", ["stream", "", ""]],
        ["GET", "/metrics", ["read", "", ""]],
      ] as const
    ) {
      await fetch(method, path, "t")
      const { action, aggregate, type } = asked.at(-1)!
      assert.deepStrictEqual([action, aggregate, type], [...expected], path)
    }
  })

  it("are not asked where the token is not good, or there is no route", async () => {
    const { asked, fetch } = await open(denying)
    assert.strictEqual((await fetch("GET", "/v1/Box/a")).status, 401)
    assert.strictEqual((await fetch("GET", "/v1/nowhere", "t")).status, 404)
    assert.deepStrictEqual(asked, [])
  })

  it("are shown what lacks a scope, which they keep; the answer is the same whatever they say, and waits for nobody", async () => {
    let shown: Array<Input> = []
    let under = 0
    const answers = new Set<string>()
    for (const answer of [Effect.void, Effect.fail(denial), Effect.die("secret"), Effect.never]) {
      shown = []
      const enforce = (input: Input) => Effect.suspend(() => (shown.push(input), under++, answer))
      const { asked, fetch } = await open({ known: () => true, enforce })
      const { status, text } = await fetch("GET", "/v1/Box/a?version=1", "t/read")
      assert.strictEqual(status, 403)
      answers.add(text)
      for (let i = 0; i < 100 && shown.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 5))
      const want = { action: "history" as const, app: boxes.name, aggregate: "Box", type: "", path: "/v1/Box/{id}" }
      assert.deepStrictEqual(shown, [{ ...want, tenant: "t", subject: "s", scopes: ["read"] }])
      assert.deepStrictEqual(asked, [])
    }
    assert.strictEqual(answers.size, 1)
    assert.deepInclude(JSON.parse([...answers][0]!), { type: "/problems#forbidden", scope: "history" })
    assert.strictEqual(under, 4)
  })

  it("are shown no more of what lacks a scope than leaves room for what has one", async () => {
    let shown = 0
    const { fetch } = await open({ known: () => true, enforce: () => Effect.suspend(() => (shown++, Effect.never)) })
    const answers = await Promise.all(Array.from({ length: 200 }, () => fetch("GET", "/v1/Box/a", "t/history")))
    assert.isTrue(answers.every(({ status }) => status === 403))
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.isAtLeast(shown, 1)
    // Those of before 200 ms ago have been given up, where the machine is slow.
    assert.isBelow(shown, 200)
  })

  it("are not asked again for what they remember to allow, but for what they remember to deny", async () => {
    let enforced = 0
    const enforce = () => (enforced++, Effect.fail(denial))
    const { fetch } = await open({ known: ({ tenant }) => tenant === "t" ? true : denial, enforce })
    assert.strictEqual((await fetch("GET", "/v1/Box", "t")).status, 200)
    assert.strictEqual(enforced, 0)
    assert.strictEqual((await fetch("GET", "/v1/Box", "u")).status, 403)
    assert.strictEqual(enforced, 1)
  })

  it("that hang or break answer 503 in time, and nothing is done", async () => {
    for (const answer of [Effect.never, Effect.die("secret")]) {
      const { fetch } = await open({ known: () => undefined, enforce: () => answer })
      const { headers, status, text } = await fetch("POST", "/v1/Box/a/commands/Put", "t")
      assert.strictEqual(status, 503)
      assert.strictEqual(JSON.parse(text).type, "/problems#policy-unavailable")
      assert.isDefined(headers.find(([name]) => name === "retry-after"))
    }
  })

  it("cannot be used to tell what exists: an absent instance and another tenant's are one answer", async () => {
    const { fetch } = await open({ ...denying, known: ({ action }) => action === "command" ? true : undefined })
    const json = { "content-type": "application/json" }
    assert.strictEqual((await fetch("POST", "/v1/Box/a/commands/Put", "owner", json, '{"text":"x"}')).status, 200)
    const [absent, foreign] = [await fetch("GET", "/v1/Box/b", "t"), await fetch("GET", "/v1/Box/a", "t")]
    assert.strictEqual(absent.text.replace("/b", "/a"), foreign.text)
    assert.deepStrictEqual(absent.headers, foreign.headers)
  })

  const upgrade = (edge: Awaited<ReturnType<typeof open>>["edge"], token: string) => {
    const headers = {
      ...{ upgrade: "websocket", connection: "upgrade", authorization: `Bearer ${token}` },
      ...{ "sec-websocket-version": "13", "sec-websocket-key": `${"A".repeat(22)}==` },
    }
    return edge.upgrade({
      ...{ method: "GET", url: "http://nexus/v1/stream", body: null },
      headers: {
        get: (name) => (headers as Record<string, string>)[name] ?? null,
        forEach: (f) => Object.entries(headers).forEach(([name, value]) => f(value, name)),
      },
    })
  }

  it("are shown a WebSocket whose token lacks the scope", async () => {
    const shown: Array<Input> = []
    const { edge } = await open({ known: () => true, enforce: (input) => Effect.sync(() => void shown.push(input)) })
    const answer = await upgrade(edge, "t/read")
    assert.isTrue(answer instanceof Response && answer.status === 403)
    assert.deepInclude(JSON.parse(await (answer as Response).text()), { type: "/problems#forbidden", scope: "stream" })
    for (let i = 0; i < 100 && shown.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepStrictEqual(shown.map(({ action, path }) => [action, path]), [["stream", "/v1/stream"]])
  })

  it("are asked before a WebSocket is opened", async () => {
    const { asked, edge } = await open(denying)
    const answer = await upgrade(edge, "t")
    assert.isTrue(answer instanceof Response && answer.status === 403)
    assert.deepStrictEqual(asked.map(({ action, path }) => [action, path]), [["stream", "/v1/stream"]])
  })
})
