/**
 * The client against the whole server over real sockets: commands, reads, live events.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { connect, NexusError } from "../../edge/client/client.ts"
import type { Box } from "../http/app.ts"
import * as Running from "./Running.ts"

const everything = "commands:* read history stream"
type Boxes = { Box: typeof Box }

const pages = async <A>(from: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const found: Array<A> = []
  for await (const page of from) found.push(page)
  return found
}
const take = async <A>(from: AsyncIterable<A>, count: number): Promise<ReadonlyArray<A>> => {
  const found: Array<A> = []
  for await (const one of from) if (found.push(one) === count) break
  return found
}
const refusal = async (promise: Promise<unknown>): Promise<NexusError> => {
  const error = await promise.then(() => undefined, (error: unknown) => error)
  assert.instanceOf(error, NexusError)
  return error as NexusError
}

describe("the client and a server", () => {
  let server: Running.Running
  let token = ""
  beforeAll(async () => {
    server = await Running.open()
    token = await server.issuer.token("t", everything)
  })
  afterAll(() => server.close())
  const open = () => connect<Boxes>({ url: server.url, token })

  it("agree on accepted commands, repeats, rejections and refusals", async () => {
    const box = open().Box("c-1")
    const first = await box.Put({ text: "x" }, { commandId: "k-1", ifMatch: 0 })
    assert.deepInclude(first, { ok: true, commandId: "k-1", aggregate: "Box", id: "c-1", version: 1 })
    assert.deepStrictEqual(await box.Put({ text: "x" }, { commandId: "k-1", ifMatch: 0 }), first)
    assert.deepInclude(await box.Look(), { ok: true, version: 1, events: [] })
    const locked = await box.Unlock({ code: "geheim" }, { commandId: "k-2" })
    // The code is redacted and does not travel.
    assert.deepStrictEqual(locked, { ok: false, commandId: "k-2", rejection: { _tag: "WrongCode", tries: 1 } } as never)
    await box.Fill({ count: 50, bytes: 1 })
    await box.Fill({ count: 49, bytes: 1 })
    const full = await box.Put({ text: "y" })
    if (full.ok) throw new Error("accepted")
    assert.deepStrictEqual(full.rejection, { _tag: "Full", items: 100 })

    const stale = await refusal(box.Put({ text: "x" }, { ifMatch: 0 }))
    assert.deepInclude(stale, { type: "version-mismatch", status: 412, members: { version: 100 } })
    const reused = await refusal(box.Put({ text: "other" }, { commandId: "k-1" }))
    assert.deepInclude(reused, { type: "idempotency-key-reused", commandId: "k-1" })
    assert.strictEqual((await refusal(box.Put({ text: 1 as never }))).type, "command-invalid")
    assert.strictEqual((await refusal(box.Crash({}, { notAfter: new Date(0) }))).type, "expired")
    assert.strictEqual((await refusal(box.Crash())).type, "defect")
    const poor = connect<Boxes>({ url: server.url, token: await server.issuer.token("t", "read") })
    assert.deepInclude(await refusal(poor.Box("c-1").Look()), { type: "forbidden", members: { scope: "commands:Box" } })
  })

  it("agree on states, histories and listings", async () => {
    const client = connect<Boxes>({ url: server.url, token: await server.issuer.token("reads", everything) })
    assert.isUndefined(await client.Box("r-1").state())
    assert.deepStrictEqual(await pages(client.Box("r-1").events()), [])
    await client.Box("r-1").Fill({ count: 7, bytes: 1 })
    await client.Box("r-2").Put({ text: "x" })
    assert.deepInclude(await client.Box("r-1").state(), { aggregate: "Box", version: 7, state: { items: 7 } })
    const history = await pages(client.Box("r-1").events({ fromVersion: 2, limit: 2 }))
    assert.deepStrictEqual(history.map(({ events }) => events.map(({ version }) => version)), [
      [2, 3],
      [4, 5],
      [6, 7],
      [],
    ])
    const listed = await pages(client.Box.instances({ limit: 1 }))
    assert.deepStrictEqual(listed.flatMap(({ instances }) => instances), [{ id: "r-1" }, { id: "r-2" }])
  })

  it("agree on the past: by version, by time, over a range, and on the limit of such questions", async () => {
    const client = connect<Boxes>({
      ...{ url: server.url, token: await server.issuer.token("past", everything), bounds: { attempts: 1 } },
    })
    const box = client.Box("p-1")
    const before = Date.now()
    for (let n = 0; n < 3; n++) await box.Put({ text: String(n) })
    const newest = await box.state()
    assert.deepInclude(await box.state({ version: 2 }), { version: 2, state: { items: 2 } })
    assert.deepInclude(await box.state({ asOf: new Date(newest!.recordedAt) }), { ...newest, asOf: newest!.recordedAt })
    assert.isUndefined(await box.state({ asOf: new Date(before - 1_000).toISOString() }))
    const range = { from: before - 1_000, to: newest!.recordedAt + 1, aggregate: "Box" } as const
    const found = await pages(client.events({ ...range, limit: 2 }))
    assert.deepStrictEqual(found.map(({ events }) => events.map(({ id, version }) => `${id}/${version}`)), [
      ...[["p-1/1", "p-1/2"], ["p-1/3"]],
    ])
    assert.strictEqual(found[0]!.from, before - 1_000)
    for (let asked = 5; asked < 10; asked++) await box.state({ version: 1 })
    const limited = await refusal(box.state({ version: 1 }))
    assert.deepInclude(limited, { type: "query-limit", status: 429 })
    assert.isAtLeast(limited.retryAfterSeconds!, 1)
    // Other questions are not limited by it.
    assert.deepStrictEqual(await box.state(), newest)
  })

  it("come through a token that was refused, over HTTP and over the socket", async () => {
    const tokens = ["a.b.c", token]
    const renewed = () => Promise.resolve(tokens.shift() ?? token)
    const http = connect<Boxes>({ url: server.url, token: renewed })
    assert.isTrue((await http.Box("t-1").Put({ text: "x" })).ok)
    tokens.unshift("a.b.c")
    const socket = connect<Boxes>({ url: server.url, token: renewed })
    const stream = socket.Box.live({ ids: { "t-1": 0 } })
    assert.deepInclude((await take(stream, 1))[0], { aggregate: "Box", id: "t-1", version: 1, type: "ItemPut" })
    const never = connect<Boxes>({ url: server.url, token: "a.b.c" })
    assert.strictEqual((await refusal(never.live().next())).type, "unauthorized")
    const poor = connect<Boxes>({ url: server.url, token: await server.issuer.token("t", "read") })
    assert.deepInclude(await refusal(poor.live().next()), { type: "forbidden", members: { scope: "stream" } })
  })

  it("agree on subscriptions that cannot be, and on those from now on", async () => {
    const client = open()
    assert.strictEqual((await refusal(client.live({ after: "nowhere" }).next())).status, 422)
    const stream = client.Box.live({ ids: { "n-1": null } })
    await stream.ready
    await client.Box("n-1").Put({ text: "x" })
    const { value } = await stream.next()
    assert.deepInclude(value, { id: "n-1", version: 1, payload: { text: "x" } })
    assert.deepStrictEqual(stream.versions, { "n-1": 1 })
    client.close()
    assert.isTrue((await stream.next()).done)
  })
})
