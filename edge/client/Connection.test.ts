/**
 * The socket: how it is made, made again, and when that is given up.
 * @module
 */
import { assert, describe, it } from "vitest"
import type { Box } from "../../tests/http/app.ts"
import * as FakeStream from "../../tests/client/FakeStream.ts"
import { answer, make, type Move, problem, type TestPlatform } from "../../tests/client/platform.ts"
import { connectOn, type ConnectOptions } from "./connect.ts"
import { NexusError } from "./NexusError.ts"

interface Options extends Partial<ConnectOptions>, Partial<FakeStream.Options> {
  /** What is asked over HTTP. */
  readonly says?: (url: string) => Move
}

const open = ({ opens, refuse, says = () => ({ status: 200, body: {} }), ...options }: Options = {}) => {
  const asked: Array<string> = []
  const platform: TestPlatform = make({
    fetch: (url) => {
      asked.push(url)
      return answer(says(url))
    },
  })
  const server = FakeStream.make({
    ...{ platform: () => platform, random: () => 0.5 },
    ...opens && { opens },
    ...refuse && { refuse },
  })
  Object.assign(platform, { webSocket: server.webSocket })
  const client = connectOn<{ Box: typeof Box }>(platform, { url: "https://n.example/", token: "t", ...options })
  return { asked, client, platform, server }
}

const failing = async (platform: TestPlatform, stream: AsyncIterator<unknown>): Promise<NexusError> => {
  const error = await platform.settle(stream.next()).then((result) => result, (error: unknown) => error)
  assert.instanceOf(error, NexusError)
  // Thrown once; then the series is over.
  assert.isTrue((await stream.next()).done)
  return error as NexusError
}

describe("the socket", () => {
  it("offers the token as subprotocol, never in its URL, and subscribes as was asked", async () => {
    const { client, platform, server } = open()
    const streams = [
      client.Box.live({ ids: { "b-1": 3 }, types: ["ItemPut"] }),
      client.Box.live({ after: "7" }),
      client.live(),
    ]
    await platform.settle(Promise.all(streams.map(({ ready }) => ready)))
    assert.lengthOf(server.sockets, 1)
    const { messages, protocols, url } = server.last()
    assert.deepStrictEqual([url, [...protocols]], ["wss://n.example/v1/stream", ["nexus.v1", "nexus.bearer.t"]])
    assert.sameDeepMembers(messages.map(({ op: _, subscription: __, ...wish }) => wish), [
      { aggregate: "Box", ids: { "b-1": 3 }, types: ["ItemPut"] },
      { aggregate: "Box", after: "7" },
      {},
    ] as never)
  })

  it("asks with a fresh token after 1008, and gives up where no token is good", async () => {
    let count = 0
    const { client, platform, server } = open({ token: () => `t${++count}` })
    const stream = client.live()
    await platform.settle(stream.ready)
    server.last().cut(1008)
    await platform.pass(10_000)
    assert.deepStrictEqual(server.sockets.map(({ protocols }) => protocols[1]), ["nexus.bearer.t1", "nexus.bearer.t2"])
    server.last().cut(1006)
    await platform.pass(10_000)
    assert.strictEqual(server.last().protocols[1], "nexus.bearer.t2")

    const hopeless = open({ opens: () => 1008 })
    const error = await failing(hopeless.platform, hopeless.client.live())
    assert.lengthOf(hopeless.server.sockets, 4)
    assert.strictEqual(error.type, "unauthorized")
  })

  it("that is refused learns why over HTTP: a refusal is thrown, trouble is waited out", async () => {
    for (const [status, slug] of [[401, "unauthorized"], [403, "forbidden"], [404, "no-such-route"]] as const) {
      const { asked, client, platform } = open({ opens: () => false, says: () => problem(status, slug) })
      assert.deepInclude(await failing(platform, client.live()), { type: slug, status })
      assert.strictEqual(asked.at(-1), "https://n.example/v1/stream/tickets")
    }
    for (const says of ["cut", problem(503, "shutting-down"), problem(429, "rate-limited")] as const) {
      let count = 0
      const { client, platform, server } = open({ opens: () => ++count > 5, says: () => says })
      await platform.settle(client.live().ready)
      assert.lengthOf(server.sockets, 6)
    }
  })

  it("is made again later and later, within a bound, and not for ever", async () => {
    const times: Array<number> = []
    const { client, platform } = open({
      ...{ opens: () => (times.push(platform.now()), false), says: () => "cut", bounds: { reconnects: 12 } },
    })
    assert.strictEqual((await failing(platform, client.live())).type, "unreachable")
    const waits = times.slice(1).map((at, index) => at - times[index]!)
    assert.lengthOf(waits, 12)
    assert.isBelow(waits[0]!, 300)
    assert.isTrue(waits.every((ms) => ms <= 10_100))
    assert.isAbove(waits.at(-1)!, 5_000)
  })

  it("waits longer where the server asked for patience", async () => {
    const { client, platform, server } = open()
    await platform.settle(client.live().ready)
    const problem = { type: "/problems#unavailable", status: 503, retryAfterSeconds: 7 }
    for (const [leastMs, frame] of [[1_000, undefined], [7_000, { type: "problem", problem }]] as const) {
      const before = server.sockets.length
      if (frame !== undefined) server.last().say(frame)
      server.last().cut(1013)
      await platform.pass(leastMs - 1)
      assert.lengthOf(server.sockets, before)
      await platform.pass(5_000)
      assert.lengthOf(server.sockets, before + 1)
    }
  })

  it("that says nothing any more is asked for a sign of life, and left without one", async () => {
    const { client, platform, server } = open()
    await platform.settle(client.live().ready)
    await platform.pass(600_000)
    // A server that is there answers.
    assert.lengthOf(server.sockets, 1)
    assert.isAbove(server.last().messages.length, 5)
    server.last().silence()
    await platform.pass(100_000)
    assert.lengthOf(server.sockets, 2)
    assert.isTrue(server.last().isOpen())
  })

  it("that says something unreadable is left, and what it may have meant is asked for again", async () => {
    const { client, platform, server } = open()
    const stream = client.live({ after: "start" })
    await platform.settle(stream.ready)
    server.last().say({ type: "of a newer server" })
    assert.lengthOf(server.sockets, 1)
    server.last().say('{"type":"events","events":[')
    server.publish("Box", "b-1")
    assert.deepInclude((await platform.settle(stream.next())).value, { id: "b-1", version: 1 })
    assert.lengthOf(server.sockets, 2)
  })

  it("that never opens is left", async () => {
    const { client, platform, server } = open()
    void client.live()
    await platform.pass(1)
    server.last().silence()
    await platform.pass(40_000)
    assert.isTrue(server.last().isOpen())
  })
})

describe("a subscription", () => {
  it("that is refused throws the problem, behind what had come, and leaves the others alone", async () => {
    const refuse: FakeStream.Options["refuse"] = ({ aggregate }) =>
      aggregate === "Box"
        ? { type: "/problems#invalid-message", title: "x", status: 422, detail: "d", pointer: "/after" }
        : undefined
    const { client, platform, server } = open({ refuse })
    const fine = client.live({ after: "start" })
    const error = await failing(platform, client.Box.live({ after: "no" }))
    assert.deepInclude(error, { type: "invalid-message", status: 422, members: { pointer: "/after" } })
    server.publish("Box", "b-1")
    assert.isFalse((await platform.settle(fine.next())).done)
  })

  it("that is refused for now asks again when it may", async () => {
    const times: Array<number> = []
    const { client, platform } = open({
      refuse: () =>
        times.push(platform.now()) < 4
          ? { type: "/problems#unavailable", title: "x", status: 503, detail: "d", retryAfterSeconds: 3 }
          : undefined,
    })
    await platform.settle(client.live().ready)
    assert.lengthOf(times, 4)
    assert.isTrue(times.slice(1).every((at, index) => at - times[index]! >= 3_000))
    const never = open({ refuse: () => ({ type: "/problems#unavailable", title: "x", status: 503, detail: "d" }) })
    assert.strictEqual((await failing(never.platform, never.client.live())).type, "unavailable")
  })

  it("of an instance from now on begins behind its state of now, whatever is cut before the first event", async () => {
    const { asked, client, platform, server } = open({
      says: (url) => url.endsWith("/b-1") ? { status: 200, body: { version: 4 } } : problem(404, "not-found"),
    })
    const stream = client.Box.live({ ids: { "b-1": null, "b-2": null } })
    await platform.settle(stream.ready)
    assert.deepStrictEqual(asked, ["https://n.example/v1/Box/b-1", "https://n.example/v1/Box/b-2"])
    assert.deepStrictEqual(server.last().messages.at(-1)!.ids, { "b-1": 4, "b-2": 0 })
    server.last().cut(1006)
    server.publish("Box", "b-2")
    const { value } = await platform.settle(stream.next())
    assert.deepInclude(value, { id: "b-2", version: 1 })
    assert.deepStrictEqual(stream.versions, { "b-1": 4, "b-2": 1 })
  })

  it("that cannot be is refused before anything is sent", async () => {
    const { client, platform } = open()
    assert.strictEqual((await failing(platform, client.Box.live({ ids: { a: 1 }, after: "1" }))).type, "invalid-query")
    const ids = Object.fromEntries(Array.from({ length: 4_000 }, (_, n) => [`box-${n}`, n]))
    assert.strictEqual((await failing(platform, client.Box.live({ ids }))).type, "message-too-large")
    for (let n = 0; n < 50; n++) void client.live()
    await platform.pass(1)
    assert.strictEqual((await failing(platform, client.live())).type, "too-many-subscriptions")
    const without = open()
    Object.assign(without.platform, { webSocket: undefined })
    assert.strictEqual((await failing(without.platform, without.client.live())).type, "no-web-socket")
    const signedOut = open({ token: () => Promise.reject(new Error("signed out")) })
    const said = await signedOut.platform.settle(signedOut.client.live().next()).catch((error: Error) => error.message)
    assert.strictEqual(said, "signed out")
  })
})
