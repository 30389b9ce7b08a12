/**
 * The app factory over invented actors and stores: what each of their answers becomes over HTTP.
 * @module
 */
import { Clock, Context, Effect, Layer, Logger, ManagedRuntime, Tracer } from "effect"
import { afterEach, assert, describe, it } from "vitest"
import * as ActorError from "../core/ActorError.ts"
import { Actors, type CommandRequest, Rejected, type Shape as ActorsShape } from "../core/Actors.ts"
import * as EventStore from "../core/EventStore.ts"
import * as DeadLettersMemory from "../core/DeadLettersMemory.ts"
import * as EventStoreMemory from "../core/EventStoreMemory.ts"
import * as LeasesMemory from "../core/LeasesMemory.ts"
import * as Limits from "../core/Limits.ts"
import * as PolicyEnforcerMemory from "../core/PolicyEnforcerMemory.ts"
import * as QueryLimiterMemory from "../core/QueryLimiterMemory.ts"
import * as SchemaRegistryMemory from "../core/SchemaRegistryMemory.ts"
import * as SnapshotStoreMemory from "../core/SnapshotStoreMemory.ts"
import * as ViolationsMemory from "../core/ViolationsMemory.ts"
import { Tail } from "../runtime/Tail.ts"
import { TimeTravel } from "../runtime/TimeTravel.ts"
import boxes from "../tests/http/app.ts"
import { makeApp } from "./app.ts"
import type { Authenticate } from "./auth.ts"
import { table } from "./problems.ts"

const everybody: Authenticate = () =>
  Effect.succeed({
    ...{ tenant: "t", subject: "s", scopes: ["commands:*", "read", "history", "ops"] },
    expiresAt: Number.MAX_SAFE_INTEGER,
  })

interface Parts {
  readonly send?: ActorsShape["send"]
  readonly state?: ActorsShape["state"]
  /** Changes the memory store. */
  readonly store?: Partial<EventStore.Shape>
  readonly limits?: Partial<Limits.Limits>
  readonly spans?: Array<Tracer.Span>
  readonly lines?: Array<string>
}

const opened: Array<{ readonly dispose: () => Promise<void> }> = []
afterEach(() => Promise.all(opened.splice(0).map((runtime) => runtime.dispose())))

const receipt = { commandId: "c", aggregate: "Box", id: "a", version: 1, events: [], position: "p" }

const recording = (spans: Array<Tracer.Span>) =>
  Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    },
  })

const open = async (parts: Parts = {}) => {
  const { lines = [], send = () => Effect.succeed(receipt), spans = [], state = () => Effect.succeed(undefined) } =
    parts
  const store = Layer.effect(
    EventStore.EventStore,
    Effect.map(EventStoreMemory.make(), (memory) => ({ ...memory, ...parts.store })),
  )
  const logger = Logger.map(Logger.formatJson, (line) => void lines.push(line))
  const runtime = ManagedRuntime.make(Layer.mergeAll(
    Layer.mergeAll(Tail.layer, TimeTravel.layer(boxes)).pipe(
      Layer.provideMerge([store, QueryLimiterMemory.layer, SnapshotStoreMemory.layer, ViolationsMemory.layer]),
    ),
    Layer.succeed(Actors, { send, state }),
    PolicyEnforcerMemory.layerDeniesNothingForTests,
    Layer.mergeAll(SchemaRegistryMemory.layer, DeadLettersMemory.layer, LeasesMemory.layer, Logger.layer([logger])),
    Layer.succeed(Tracer.Tracer, recording(spans)),
  ))
  opened.push(runtime)
  /** The time that passes: none, unless a test says so. Sleeps are real. */
  const passed = { ms: 0 }
  const clock: Clock.Clock = Object.create(await runtime.runPromise(Effect.clockWith(Effect.succeed)))
  clock.monotonicTimeNanosUnsafe = () => BigInt(passed.ms) * 1_000_000n
  const edge = makeApp({
    app: boxes,
    context: Context.add(await runtime.context(), Clock.Clock, clock),
    limits: Limits.lowered(parts.limits ?? {}),
    authenticate: everybody,
  })
  const fetch = async (path: string, init: RequestInit = {}) => {
    const response = await edge.fetch(new Request(`http://nexus${path}`, init))
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  const post = (headers: Record<string, string> = {}) =>
    fetch("/v1/Box/a/commands/Put", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: '{"text":"geheim"}',
    })
  return { edge, fetch, passed, post }
}

/** One of each, as an actor may answer it. */
const [seconds, issues] = [{ retryAfterSeconds: 7 }, [{ pointer: "/a", rule: "Expected more" }]]
const errors: ReadonlyArray<ActorError.ActorError> = [
  ...[new ActorError.StreamClosed(), new ActorError.ActorDefect()],
  ...[ActorError.MailboxFull, ActorError.ActorUnavailable, ActorError.Contended].map((error) => new error(seconds)),
  ...[ActorError.ShuttingDown, ActorError.PolicyUnavailable].map((error) => new error(seconds)),
  ...[ActorError.KeyReused, ActorError.Expired].map((error) => new error({ commandId: "k" })),
  new ActorError.UnknownCommand({ aggregate: "Box", command: "Put" }),
  new ActorError.InvalidId({ part: "id" }),
  new ActorError.CommandInvalid({ issues }),
  new ActorError.Forbidden({ scope: "commands:Box" }),
  new ActorError.VersionMismatch({ version: 3 }),
  new ActorError.EventInvalid({ subject: "Box.ItemPut.v1", issues }),
  new ActorError.EventTooLarge({ bytes: 9, maxBytes: 8 }),
  new ActorError.TooManyEvents({ events: 51, maxEvents: 50 }),
  new ActorError.Unavailable({ ...seconds, reason: "disk-full" }),
  new ActorError.NewerEvent({ ...seconds, eventType: "ItemPut", schemaVersion: 2 }),
  new ActorError.SchemaNotRegistered({ ...seconds, subject: "Box.ItemPut.v1" }),
  new ActorError.RegistryUnavailable({ ...seconds, reason: "no answer in time" }),
  new ActorError.PolicyDenied({ policy: "nexus.authorization", rule: "append-scope" }),
  new ActorError.OutcomeUnknown({ ...seconds, commandId: "generated" }),
]

describe("errors of actors", () => {
  it("become the problem of their row, with their members, and the patience they ask for", async () => {
    for (const error of errors) {
      const { headers, status, text } = await (await open({ send: () => Effect.fail(error) })).post()
      const row = table.find(({ tag }) => tag === error._tag)!
      const { detail, instance, status: said, title, type, ...members } = JSON.parse(text)
      assert.deepStrictEqual([status, said, type, title, detail], [
        ...[row.status, row.status, `/problems#${row.slug}`, row.title, row.detail],
      ])
      assert.deepStrictEqual(members, JSON.parse(JSON.stringify({ ...error, _tag: undefined })))
      assert.strictEqual(headers.get("retry-after"), row.status === 503 ? "7" : null)
      const id = "commandId" in error ? `#${error.commandId}` : ""
      assert.strictEqual(instance, `/v1/Box/a/commands/Put${id}`)
    }
    assert.strictEqual(errors.length, Object.keys(ActorError).length)
  })

  it("never ask for less than a second of patience", async () => {
    const none = new ActorError.Contended({ retryAfterSeconds: 0 })
    const { headers } = await (await open({ send: () => Effect.fail(none) })).post()
    assert.strictEqual(headers.get("retry-after"), "1")
  })

  it("that nobody foresaw become a 500 without a word of what they were", async () => {
    const lines: Array<string> = []
    const failing = await open({ lines, send: () => Effect.die(new Error("geheim in /srv/app.ts")) })
    const { status, text } = await failing.post()
    assert.strictEqual(status, 500)
    assert.strictEqual(JSON.parse(text).type, "/problems#internal-error")
    assert.notMatch(text, /geheim|srv/)
    const [defect] = lines.filter((line) => line.includes("request failed"))
    assert.match(defect!, /"defect":"Error"/)
    assert.notInclude(defect!, "geheim")
  })
})

describe("rejections", () => {
  const rejected = (tag: string, members: unknown) =>
    open({ send: () => Effect.fail(new Rejected({ commandId: "k", tag, status: 409, members })) })

  it("show the members of their class alone", async () => {
    const { status, text } = await (await rejected("Full", { items: 3, more: "geheim" })).post()
    assert.strictEqual(status, 409)
    assert.deepInclude(JSON.parse(text), { type: "/problems#full", title: "Full", items: 3 })
    assert.notInclude(text, "geheim")
  })

  it("of code that this process does not know show no member at all", async () => {
    const { text } = await (await rejected("LongGone", { items: "geheim" })).post()
    assert.deepInclude(JSON.parse(text), {
      type: "/problems#long-gone",
      title: "Long gone",
      status: 409,
      rejection: "LongGone",
    })
    assert.notInclude(text, "geheim")
  })
})

describe("commands", () => {
  it("reach the actor as they were meant", async () => {
    const came: Array<CommandRequest> = []
    const { post } = await open({ send: (request) => Effect.sync(() => (came.push(request), receipt)) })
    await post({ "idempotency-key": "k-1", "if-match": '"7"', "nexus-not-after": "1700000000000" })
    await post()
    assert.deepStrictEqual(came, [
      {
        principal: await Effect.runPromise(everybody(undefined)),
        ...{ aggregate: "Box", id: "a", command: "Put", payload: { text: "geheim" } },
        ...{ commandId: "k-1", ifMatch: 7, notAfter: 1_700_000_000_000 },
      },
      { ...came[0]!, commandId: undefined, ifMatch: undefined, notAfter: undefined },
    ])
  })
})

describe("telemetry", () => {
  it("is a span and a log line a request, without any id, query, token or payload", async () => {
    const [spans, lines]: [Array<Tracer.Span>, Array<string>] = [[], []]
    const { fetch, post } = await open({ spans, lines })
    const trace = "0af7651916cd43dd8448eb211c80319c"
    await post({
      traceparent: `00-${trace}-b7ad6b7169203331-01`,
      authorization: "Bearer geheim",
      "idempotency-key": "geheim",
    })
    await fetch("/v1/Box/geheim?limit=geheim")
    await fetch("/geheim?geheim=1")
    assert.deepStrictEqual(
      spans.map(({ attributes, kind, name }) => [name, kind, Object.fromEntries(attributes)]),
      [["POST", "/v1/Box/:id/commands/Put", 200], ["GET", "/v1/Box/:id", 422], ["*", "*", 404]].map((
        [method, route, status],
      ) => [
        "http.request",
        "server",
        { "http.request.method": method, "http.route": route, "http.response.status_code": status },
      ]),
    )
    assert.strictEqual(spans[0]!.traceId, trace)
    assert.deepInclude(JSON.parse(lines[0]!).annotations, {
      ...{ method: "POST", route: "/v1/Box/:id/commands/Put", status: 200, traceId: trace },
    })
    assert.lengthOf(lines, 3)
    assert.notInclude(lines.join(), "geheim")
  })

  it("lets the actor see the span, so that events carry it", async () => {
    const seen: Array<string> = []
    const send: ActorsShape["send"] = () =>
      Effect.map(Effect.orDie(Effect.currentParentSpan), ({ spanId }) => (seen.push(spanId), receipt))
    const spans: Array<Tracer.Span> = []
    await (await open({ send, spans })).post()
    assert.deepStrictEqual(seen, spans.map(({ spanId }) => spanId))
  })
})

describe("readiness", () => {
  const ready = async ({ fetch }: Awaited<ReturnType<typeof open>>) => (await fetch("/health/ready")).status
  const down = () => Effect.fail(new EventStore.StoreUnavailable({ reason: "locked" }))

  it("is lost once the store has failed for its time, and comes back with it", async () => {
    let failing = true
    const head = () => failing ? down() : Effect.succeed({ version: 0, recordedAt: 0, closed: false })
    const process = await open({ store: { head } })
    for (const [ms, status] of [[0, 200], [4_999, 200], [5_000, 503], [5_001, 200]] as const) {
      process.passed.ms = ms
      failing = ms <= 5_000
      assert.strictEqual(await ready(process), status)
    }
  })

  it("is lost while commands find that the store does not write, though it reads", async () => {
    let failing = true
    const error = Effect.fail(new ActorError.Unavailable({ retryAfterSeconds: 1, reason: "disk-full" }))
    const process = await open({ send: () => failing ? error : Effect.succeed(receipt) })
    await process.post()
    process.passed.ms = 29_999
    assert.strictEqual(await ready(process), 503)
    failing = false
    await process.post()
    assert.strictEqual(await ready(process), 200)
  })

  it("is lost at once when the process drains; work is refused, questions after its health are not", async () => {
    const process = await open()
    process.edge.drain()
    assert.strictEqual(await ready(process), 503)
    const { headers, status, text } = await process.post()
    assert.deepStrictEqual([status, headers.get("retry-after")], [503, "1"])
    assert.strictEqual(JSON.parse(text).type, "/problems#shutting-down")
    assert.strictEqual((await process.fetch("/v1/Box")).status, 503)
    assert.strictEqual((await process.fetch("/health/live")).status, 200)
    assert.strictEqual((await process.fetch("/metrics")).status, 200)
  })
})

describe("a request", () => {
  it("that wishes for a WebSocket where there is none is waited for like any other", async () => {
    const { edge } = await open({ send: () => Effect.never })
    const headers = { "upgrade": "websocket", "authorization": "Bearer x" }
    const asked = edge.upgrade(new Request("http://x/v1/Box", { headers }))
    assert.strictEqual(edge.inFlight(), 1)
    assert.instanceOf(await asked, Response)
    assert.strictEqual(edge.inFlight(), 0)
  })
})

describe("reads of the store", () => {
  it("that it refuses, or answers too late, are 503", async () => {
    const read = () => Effect.fail(new EventStore.StoreUnavailable({ reason: "locked" }))
    const refusing = await open({ store: { read, streams: read } })
    for (const path of ["/v1/Box", "/v1/Box/a/events"]) {
      const { status, text } = await refusing.fetch(path)
      assert.deepStrictEqual([status, JSON.parse(text).reason], [503, "locked"])
    }
    const hanging = await open({ store: { read: () => Effect.never }, limits: { requestTimeoutMs: 30 } })
    const { headers, status, text } = await hanging.fetch("/v1/Box/a/events")
    assert.deepStrictEqual([status, headers.get("retry-after")], [503, "1"])
    assert.strictEqual(JSON.parse(text).type, "/problems#timed-out")
  })
})
