/**
 * Traces and metrics of a real server process, as a receiver on loopback gets them.
 * @module
 */
import { afterAll, afterEach, assert, describe, it } from "vitest"
import { forget, killAll, launch, start, until } from "./processes.ts"
import * as Receiver from "./Receiver.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const callerId = "b7ad6b7169203331"
const receivers: Array<Receiver.Receiver> = []
const receiver = async (answer?: () => number | "never") => {
  const opened = await Receiver.open(answer)
  receivers.push(opened)
  return opened
}
const to = (url: string) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" })
type Started = Awaited<ReturnType<typeof start>>

const call = async (server: Started, path: string, options: { flags?: string; body?: string; key?: string } = {}) => {
  const { body, flags, key } = options
  const response = await fetch(`${server.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${server.token}`,
      "content-type": "application/json",
      ...key === undefined ? {} : { "idempotency-key": key },
      ...flags === undefined ? {} : { traceparent: `00-${traceId}-${callerId}-${flags}` },
    },
    ...body === undefined ? {} : { body },
  })
  return { status: response.status, body: await response.text() }
}
/** Listens to all boxes; the promise is kept once the first events have come. */
const listen = (server: Started): Promise<{ readonly told: Promise<void>; readonly close: () => void }> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/stream`, [
      "nexus.v1",
      `nexus.bearer.${server.token}`,
    ])
    const told = Promise.withResolvers<void>()
    socket.addEventListener("error", () => reject(new Error("no socket")))
    socket.addEventListener("open", () => socket.send('{"op":"subscribe","subscription":"all","aggregate":"Box"}'))
    socket.addEventListener("message", ({ data }) => {
      const { type } = JSON.parse(String(data))
      if (type === "subscribed") resolve({ told: told.promise, close: () => socket.close() })
      if (type === "events") told.resolve()
    })
  })
const end = (server: Started) => {
  server.child.kill("SIGTERM")
  return server.ended
}
const told = (span: Receiver.Span) => Object.fromEntries(span.attributes.map(({ key, value }) => [key, value]))

describe("OTLP export", () => {
  afterEach(async () => {
    await killAll()
    for (const opened of receivers.splice(0)) opened.close()
  })
  afterAll(forget)

  it("makes one trace of a request, its decision, its commit and the frame that tells of its event", async () => {
    const opened = await receiver()
    const server = await start(to(opened.url))
    const listener = await listen(server)
    const sent = { flags: "01", body: '{"text":"geheim-payload"}', key: "geheim-key" }
    assert.strictEqual((await call(server, "/v1/Box/geheim-id/commands/Put", sent)).status, 200)
    const { events: [event] } = JSON.parse((await call(server, "/v1/Box/geheim-id/events")).body)
    await listener.told
    listener.close()
    // What is left in the queue is sent at the end.
    assert.strictEqual(await end(server), 0)

    const spans = opened.spans().filter((span) => span.traceId === traceId)
    assert.deepStrictEqual(spans.map(({ name }) => name).sort(), [
      ...["http.request", "nexus.commit", "nexus.decide", "stream.frame"],
    ])
    const of = (name: string) => spans.find((span) => span.name === name)!
    const [request, decide, commit] = [of("http.request"), of("nexus.decide"), of("nexus.commit")]
    assert.strictEqual(request.parentSpanId, callerId)
    assert.strictEqual(decide.parentSpanId, request.spanId)
    assert.strictEqual(commit.parentSpanId, decide.spanId)
    assert.strictEqual(event.traceparent, `00-${traceId}-${decide.spanId}-01`)
    // Whoever is told was told because of what was decided.
    assert.strictEqual(of("stream.frame").parentSpanId, decide.spanId)
    assert.strictEqual(new Set(spans.map(({ spanId }) => spanId)).size, 4)
    for (const { endTimeUnixNano, startTimeUnixNano } of spans) {
      assert(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano))
      assert(BigInt(startTimeUnixNano) >= BigInt(request.startTimeUnixNano))
    }
    assert.deepStrictEqual(told(request), {
      "http.route": { stringValue: "/v1/Box/:id/commands/Put" },
      "http.request.method": { stringValue: "POST" },
      "http.response.status_code": { intValue: 200 },
    })
    assert.deepStrictEqual(told(decide), {
      "nexus.aggregate": { stringValue: "Box" },
      "nexus.command": { stringValue: "Put" },
    })
    assert.deepStrictEqual(told(commit), { "nexus.group": { intValue: 1 } })
    assert.deepStrictEqual(told(of("stream.frame")), { "stream.frame.events": { intValue: 1 } })
    // Neither payloads nor ids nor tokens, in no span and no metric; and nothing of a probe.
    const everything = opened.arrivals.map(({ body }) => body).join("\n")
    assert.notMatch(everything, /geheim|eyJ|demo|developer/)
    assert.notInclude(opened.spans().map(({ name }) => name), "health")
    const metrics = opened.arrivals.filter(({ path }) => path === "/v1/metrics").map(({ body }) => body).join("\n")
    for (const name of ["CommandsAccepted", "HttpRequests", "CommitLatency"]) assert.include(metrics, name)
  }, 60_000)

  it("follows the caller's word that a trace is not sampled", async () => {
    const opened = await receiver()
    const server = await start(to(opened.url))
    await call(server, "/v1/Box/unsampled/commands/Put", { flags: "00", body: '{"text":"x"}' })
    const { events: [event] } = JSON.parse((await call(server, "/v1/Box/unsampled/events")).body)
    assert.match(event.traceparent, new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`))
    assert.strictEqual(await end(server), 0)
    assert.deepStrictEqual(opened.spans().filter((span) => span.traceId === traceId), [])
    // The read of the events began a trace of its own.
    assert.deepStrictEqual(opened.spans().map(({ name, parentSpanId }) => [name, parentSpanId]), [
      ["http.request", undefined],
    ])
  }, 60_000)

  it("says a failure by its status alone, and nothing of what user code threw", async () => {
    const opened = await receiver()
    const server = await start(to(opened.url))
    assert.strictEqual((await call(server, "/v1/Box/crashed/commands/Crash", { flags: "01", body: "{}" })).status, 500)
    assert.strictEqual(await end(server), 0)
    const request = opened.spans().find(({ name, traceId: id }) => name === "http.request" && id === traceId)!
    assert.strictEqual(request.status.code, 2)
    assert.notMatch(opened.arrivals.map(({ body }) => body).join("\n"), /secret/)
  }, 60_000)

  it("carries headers, service name and attributes as OpenTelemetry's variables say", async () => {
    const opened = await receiver()
    const server = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: `${opened.url}/base/`,
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic%20Zm9v,x-org=a",
      OTEL_SERVICE_NAME: "boxes-of-tests",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=ci,service.name=overruled",
    })
    await call(server, "/v1/Box")
    await until(() => opened.arrivals.some(({ path }) => path === "/base/v1/traces"), "traces")
    assert.strictEqual(await end(server), 0)
    for (const path of ["/base/v1/traces", "/base/v1/metrics"]) {
      const found = opened.arrivals.find((one) => one.path === path)!
      assert.deepInclude(found.headers, {
        ...{ authorization: "Basic Zm9v", "x-org": "a", "content-type": "application/x-protobuf" },
      })
      assert.include(found.body, "boxes-of-tests")
      assert.include(found.body, "deployment.environment.name")
      assert.notInclude(found.body, "overruled")
    }
    assert.notInclude(server.text(), "Zm9v")
  }, 60_000)

  for (const kind of ["refuses", "hangs", "fails"] as const) {
    it(`changes nothing for callers where the receiver ${kind}, at the end neither`, async () => {
      const opened = await receiver(() => kind === "hangs" ? "never" : 503)
      if (kind === "refuses") opened.close()
      const server = await start(to(opened.url))
      for (let i = 0; i < 20; i++) {
        assert.strictEqual((await server.put(`${kind}-${i}`, `${kind}-${i}`)).status, 200)
      }
      await until(() => /receiver says "later"/.test(server.text()) || kind === "hangs", "a warning")
      assert.strictEqual((await server.put(`${kind}-last`, "k")).status, 200)
      assert.strictEqual((await fetch(`${server.url}/health/ready`)).status, 200)
      const asked = performance.now()
      assert.strictEqual(await end(server), 0)
      assert.isBelow(performance.now() - asked, 10_000)
    }, 60_000)
  }

  it("does not start on variables that make no sense, and names them without their values", async () => {
    const wrong = { OTEL_EXPORTER_OTLP_ENDPOINT: "ftp://x", OTEL_EXPORTER_OTLP_HEADERS: "geheim" }
    const refused = launch(wrong)
    assert.strictEqual(await refused.ended, 1)
    assert.match(refused.text(), /OTEL_EXPORTER_OTLP_ENDPOINT must be/)
    assert.match(refused.text(), /OTEL_EXPORTER_OTLP_HEADERS must be/)
    assert.notMatch(refused.text(), /geheim/)
  }, 60_000)
})
