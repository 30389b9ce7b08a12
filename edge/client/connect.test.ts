/**
 * Tokens, signals and reads against a scripted server, on a clock of the test's own.
 * @module
 */
import { assert, describe, it } from "vitest"
import type { ConnectOptions } from "./connect.ts"
import { good, open, refusal, transient } from "../../tests/client/open.ts"
import { type Move, problem } from "../../tests/client/platform.ts"

describe("the token", () => {
  const unauthorized = problem(401, "unauthorized")
  /** Numbers them. */
  const counting = () => {
    let count = 0
    return { token: () => Promise.resolve(`t${++count}`), count: () => count }
  }

  it("is asked for once, and once again when it is refused", async () => {
    const { count, token } = counting()
    const { asked, put } = open([good, unauthorized, good], { token })
    await put()
    await put()
    assert.deepStrictEqual(asked.map(({ headers }) => headers["authorization"]), [
      ...["Bearer t1", "Bearer t1", "Bearer t2"],
    ])
    const refused = open([unauthorized], { token })
    assert.deepInclude(await refusal(refused.put()), { type: "unauthorized", status: 401 })
    assert.lengthOf(refused.asked, 2)
    assert.strictEqual(count(), 4)
  })

  it("is asked for once by all that wait for it", async () => {
    const { count, token } = counting()
    const { client, platform } = open([unauthorized, unauthorized, unauthorized, good], { token })
    const all = Array.from({ length: 3 }, () => client.Box("b-1").Look())
    await platform.settle(Promise.all(all))
    assert.strictEqual(count(), 2)
  })

  it("as a text cannot be renewed", async () => {
    const { asked, put } = open([unauthorized])
    assert.strictEqual((await refusal(put())).type, "unauthorized")
    assert.lengthOf(asked, 1)
  })

  it("that cannot be had is the caller's own error", async () => {
    const error = new Error("signed out")
    const { asked, put } = open([good], { token: () => Promise.reject(error) })
    assert.strictEqual(await put().then(() => undefined, (reason) => reason), error)
    assert.lengthOf(asked, 0)
  })
})

describe("an abort signal", () => {
  it("ends whatever waits with its reason", async () => {
    const waits: ReadonlyArray<readonly [what: string, moves: ReadonlyArray<Move>, token: ConnectOptions["token"]]> = [
      ["for the answer", ["hang"], "t"],
      ["between attempts", [problem(503, "unavailable", {}, { "retry-after": "60" })], "t"],
      ["for the token", [good], () => new Promise(() => {})],
    ]
    for (const [what, moves, token] of waits) {
      const { asked, client, platform } = open(moves, { token })
      const controller = new AbortController()
      const put = client.Box("b-1").Put({ text: "x" }, { signal: controller.signal })
      await platform.pass(10)
      const before = asked.length
      controller.abort(new Error("enough"))
      const outcome = await put.then(() => undefined, (error: Error) => error.message)
      assert.strictEqual(outcome, "enough", what)
      await platform.pass(600_000)
      assert.lengthOf(asked, before)
    }
    const { asked, put } = open([good])
    const outcome = await put({ signal: AbortSignal.abort(new Error("before")) }).catch((error: Error) => error.message)
    assert.deepStrictEqual([outcome, asked.length], ["before", 0])
  })
})

describe("reads", () => {
  const held = { aggregate: "Box", id: "b-1", version: 2, recordedAt: 5, state: { items: 2 }, position: "p" }

  it("of a state ask for now, a version or a time, and are nothing where nothing is stored", async () => {
    const { asked, client, platform } = open([{ status: 200, body: held }])
    const box = client.Box("b-1")
    assert.deepStrictEqual(await platform.settle(box.state()), held as never)
    await platform.settle(box.state({ version: 1 }))
    await platform.settle(box.state({ asOf: new Date(7) }))
    await platform.settle(box.state({ asOf: "2026-01-01T00:00:00+01:00" }))
    assert.deepStrictEqual(asked.map(({ url }) => url.split("/v1/")[1]), [
      ...["Box/b-1", "Box/b-1?version=1", "Box/b-1?asOf=7", "Box/b-1?asOf=2026-01-01T00%3A00%3A00%2B01%3A00"],
    ])
    const absent = open([problem(404, "not-found")])
    assert.isUndefined(await absent.platform.settle(absent.client.Box("b-1").state()))
    const none = open([problem(404, "no-such-route")])
    assert.strictEqual((await refusal(none.platform.settle(none.client.Box("b-1").state()))).type, "no-such-route")
  })

  it("are repeated as commands are, and end with `no-answer` where nobody answered", async () => {
    for (const move of transient) {
      const { asked, client, platform } = open([move, { status: 200, body: held }])
      await platform.settle(client.Box("b-1").state())
      assert.lengthOf(asked, 2)
    }
    const { client, platform } = open(["cut"])
    assert.strictEqual((await refusal(platform.settle(client.Box("b-1").state()))).type, "no-answer")
  })

  const all = async <A>(pages: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
    const found: Array<A> = []
    for await (const page of pages) found.push(page)
    return found
  }

  it("of pages go on to the end, each page with its own attempts", async () => {
    const page = (nextVersion: number | null) => ({ status: 200, body: { events: [], nextVersion } })
    const { asked, client, platform } = open([page(3), "cut", page(5), page(null)])
    assert.lengthOf(await platform.settle(all(client.Box("b-1").events({ limit: 2 }))), 3)
    assert.deepStrictEqual(asked.map(({ url }) => url.split("?")[1]), [
      ...["fromVersion=1&limit=2", "fromVersion=3&limit=2", "fromVersion=3&limit=2", "fromVersion=5&limit=2"],
    ])
    const absent = open([problem(404, "not-found")])
    assert.deepStrictEqual(await absent.platform.settle(all(absent.client.Box("b-1").events())), [])
    const listed = (cursor: string | null) => ({ status: 200, body: { instances: [], cursor } })
    const list = open([listed("x/y"), listed(null)])
    assert.lengthOf(await list.platform.settle(all(list.client.Box.instances())), 2)
    assert.deepStrictEqual(list.asked.map(({ url }) => url.split("/v1/")[1]), ["Box", "Box?cursor=x%2Fy"])
    const range = open([listed(null)])
    await range.platform.settle(all(range.client.events({ from: 1, to: new Date(2), aggregate: "Box" })))
    assert.strictEqual(range.asked[0]!.url.split("/v1/")[1], "events?from=1&to=2&aggregate=Box")
  })

  it("take no more than the bound of an answer", async () => {
    const { client, platform } = open([{ status: 200, body: held }], { bounds: { answerBytes: 50 } })
    assert.strictEqual((await refusal(platform.settle(client.Box("b-1").state()))).type, "answer-too-large")
  })

  it("and commands send no id that could name another path", async () => {
    const { asked, client } = open([good])
    for (const id of ["", "..", "a/b", "a?b", "ä", "x".repeat(129)]) {
      assert.throws(() => client.Box(id), /invalid-id/)
      const sent = client.Box("b-1").Put({ text: "x" }, { commandId: id })
      assert.strictEqual((await refusal(sent)).type, "invalid-id")
    }
    assert.lengthOf(asked, 0)
  })
})

describe("a client", () => {
  it("is no promise, and has nothing that it was not asked to have", async () => {
    const { client } = open([good])
    assert.isUndefined((client as { then?: unknown }).then)
    assert.isUndefined((client.Box("b-1") as { then?: unknown }).then)
    assert.strictEqual(await Promise.resolve(client), client)
    assert.strictEqual(client.Box, client.Box)
  })
})
