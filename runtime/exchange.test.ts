import { assert, it } from "vitest"
import { type Answer, exchange, fetchText, isWithin, json, Unusable } from "./exchange.ts"

const encode = (text: string) => Uint8Array.from(new TextEncoder().encode(text))
const ask = (response: Response | Error, bytesMax = 10) =>
  exchange(
    () => response instanceof Error ? Promise.reject(response) : Promise.resolve(response),
    { method: "GET", url: "http://x.test/", headers: {} },
    bytesMax,
    new AbortController().signal,
  ).then(({ bytes, status }) => [status, new TextDecoder().decode(bytes)], (error: Unusable) => error.reason)

/** A body without end, and whether somebody has stopped it. */
const endless = () => {
  const state = { cancelled: false, sent: 0 }
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(encode("x".repeat(++state.sent))),
    cancel: () => void (state.cancelled = true),
  })
  return { state, body }
}

it("exchange() reads so many bytes and no more, and cuts off whoever goes on", async () => {
  assert.deepStrictEqual(await ask(new Response("1234567890")), [200, "1234567890"])
  assert.strictEqual(await ask(new Response("12345678901")), "too-large")
  const { body, state } = endless()
  assert.strictEqual(await ask(new Response(body)), "too-large")
  assert.isTrue(state.cancelled)
  assert.isBelow(state.sent, 10)
  const said = endless()
  assert.strictEqual(await ask(new Response(said.body, { headers: { "content-length": "11" } })), "too-large")
  assert.isTrue(said.state.cancelled)
})

it("exchange() follows no redirect, and says what kept an answer from it", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    assert.strictEqual(await ask(new Response(null, { status, headers: { location: "http://y.test/" } })), "redirected")
  }
  assert.strictEqual(await ask(new Error("password in the message")), "unreachable")
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) })
  assert.strictEqual(await ask(new Response(body)), "cut")
  assert.deepStrictEqual(await ask(new Response("no", { status: 503 })), [503, "no"])
})

it("fetchText() gives the text of a 200, and reads no other answer", async () => {
  const question = { method: "GET", url: "http://x.test/", headers: {} }
  const text = (response: Response) =>
    fetchText(() => Promise.resolve(response), question, 10, new AbortController().signal)
      .catch((error: Unusable) => error.reason)
  assert.strictEqual(await text(new Response("[1]")), "[1]")
  assert.strictEqual(await text(new Response("12345678901")), "too-large")
  const { body, state } = endless()
  assert.strictEqual(await text(new Response(body, { status: 500 })), "status 500")
  assert.deepStrictEqual([state.cancelled, state.sent <= 1], [true, true])
})

const said = (text: string | Uint8Array<ArrayBuffer>, type = "application/json", depthMax = 3) => {
  const bytes = typeof text === "string" ? encode(text) : text
  try {
    return json({ status: 200, headers: { "content-type": type }, bytes } satisfies Answer, depthMax)
  } catch (error) {
    return (error as Unusable).reason
  }
}

it("json() takes for JSON what says so and is, up to a depth", () => {
  for (const type of ["application/json", "application/vnd.schemaregistry.v1+json; q=1", "Application/JSON;x=y"]) {
    assert.deepStrictEqual(said("[1]", type), [1])
  }
  for (const type of ["text/html", "", "text/json", "application/jsonp", "application/x-ndjson"]) {
    assert.strictEqual(said("[1]", type), "not-json", type)
  }
  for (const text of ["", "[1", "<html>", new Uint8Array([0x22, 0xff, 0x22])]) {
    assert.strictEqual(said(text), "not-json")
  }
  assert.deepStrictEqual(said("[[[1]]]"), [[[1]]])
  assert.strictEqual(said("[[[[1]]]]"), "too-deep")
  assert.strictEqual(said("[".repeat(100_000)), "too-deep")
})

it("isWithin() counts no bracket within a string", () => {
  assert.isTrue(isWithin(String.raw`["[[[","\"[[[","\\"]`, 1))
  assert.isFalse(isWithin(String.raw`["\\",[1]]`, 1))
  assert.isTrue(isWithin(`[[1],[2],[{"a":3}]]`, 3))
})
