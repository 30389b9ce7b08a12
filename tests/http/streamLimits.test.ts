/**
 * How sockets of `/v1/stream` are bounded and ended, over the embedded store and real ones.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, problem } from "./client.ts"
import * as Listener from "./Listener.ts"
import { embedded, type Target } from "./Target.ts"

const write = async (target: Target, tenant: string, id: string, body: object, command = "Put") => {
  const token = await target.issuer.token(tenant, "commands:*")
  const said = await ask(target, `/v1/Box/${id}/commands/${command}`, { token, body })
  assert.strictEqual(said.status, 200, said.text)
}

describe("a socket of /v1/stream", () => {
  let target: Target
  let token = ""
  beforeAll(async () => {
    target = await embedded({ socketStallMs: 300, socketsPerPrincipal: 2, tailPollMs: 10 })
    token = await target.issuer.token("t", "stream")
  })
  afterAll(() => target.close())
  const open = (options: Listener.Options = { token }) => Listener.open(target, options)
  /** Waits until the server knows that earlier sockets are gone. */
  const fresh = async (subject: string, more: object = {}) =>
    await target.issuer.sign({ sub: subject, scope: "stream", ...more })

  it("answers messages it does not understand with problems, and stays", async () => {
    const listener = await open()
    const wrong: ReadonlyArray<readonly [message: unknown, slug: string, pointer: string]> = [
      ["{", "invalid-json", ""],
      ['{"op":"subscribe","op":"subscribe"}', "invalid-json", ""],
      ['{"op":"subscribe","subscription":"s","__proto__":{}}', "invalid-json", ""],
      ["[]", "invalid-message", ""],
      [{ op: "publish" }, "invalid-message", "/op"],
      [{ op: "subscribe", subscription: "s", more: 1 }, "invalid-message", "/more"],
      [{ op: "subscribe", subscription: "a/b" }, "invalid-message", "/subscription"],
      [{ op: "subscribe", subscription: "s", aggregate: "Nope" }, "invalid-message", "/aggregate"],
      [{ op: "subscribe", subscription: "s", types: ["Nope"] }, "invalid-message", "/types/0"],
      [{ op: "subscribe", subscription: "s", types: [] }, "invalid-message", "/types"],
      [{ op: "subscribe", subscription: "s", ids: { a: 1 } }, "invalid-message", "/ids"],
      [{ op: "subscribe", subscription: "s", aggregate: "Box", ids: {} }, "invalid-message", "/ids"],
      [{ op: "subscribe", subscription: "s", aggregate: "Box", ids: { "a/b": 1 } }, "invalid-message", "/ids"],
      [{ op: "subscribe", subscription: "s", aggregate: "Box", ids: { a: -1 } }, "invalid-message", "/ids/a"],
      [
        { op: "subscribe", subscription: "s", aggregate: "Box", ids: { a: 1 }, after: "start" },
        "invalid-message",
        "/after",
      ],
      [{ op: "subscribe", subscription: "s", after: "W10" }, "invalid-message", "/after"],
    ]
    for (const [i, [message, slug, pointer]] of wrong.entries()) {
      listener.send(message)
      await listener.until(() => listener.frames.length > i, `an answer to ${JSON.stringify(message)}`)
      const said = listener.frames[i]!
      assert.deepInclude(said.problem, { type: `/problems#${slug}`, instance: "/v1/stream" }, JSON.stringify(message))
      if (slug === "invalid-message") assert.strictEqual(said.problem!["pointer"], pointer, JSON.stringify(message))
    }
    await listener.subscribe({})
    await listener.close()
  })

  it("is 1009 to a message that is too large, 1003 to one that is no text, 1008 to a flood", async () => {
    const large = await open()
    large.send("x".repeat(33_000))
    assert.strictEqual(await large.ended, 1009)
    const binary = await open({ token: await fresh("binary") })
    binary.ws.send(new Uint8Array(3))
    assert.strictEqual(await binary.ended, 1003)
    const flood = await open({ token: await fresh("flood") })
    for (let n = 0; n < 400; n++) flood.send("{}")
    assert.include([1008, 1013], await flood.ended)
  })

  it("ends with 1008 when its token does", async () => {
    const exp = Math.floor(Date.now() / 1000) + 2
    const listener = await open({ token: await fresh("expires", { exp }) })
    assert.strictEqual(await listener.ended, 1008)
    assert.isAtLeast(Date.now(), exp * 1000)
    problem(await Listener.refused(target, { token: await fresh("late", { exp: exp - 1 }) }), 401, "unauthorized")
  })

  it("is one of few of a principal", async () => {
    const own = await fresh("few")
    const [first] = [await open({ token: own }), await open({ token: own })]
    const said = await Listener.refused(target, { token: own })
    problem(said, 429, "too-many-sockets")
    assert.isAtLeast(Number(said.headers.get("retry-after")), 1)
    await (await open({ token: await fresh("few", { tenant: "u" }) })).close()
    await first.close()
    // The server hears of the end a moment later.
    for (let tries = 0;; tries++) {
      try {
        await open({ token: own })
        break
      } catch (error) {
        if (tries > 100) throw error
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  })

  it("is of a page of this host, of an allowed origin, or of no page", async () => {
    const allowing = await embedded({}, { NEXUS_ORIGINS: "https://shop.example" })
    try {
      const good = await allowing.issuer.token("t", "stream")
      const host = `http://127.0.0.1:${allowing.port}`
      for (const origin of [host, "https://shop.example"]) {
        await (await Listener.open(allowing, { token: good, origin })).close()
      }
      for (const origin of ["https://evil.test", "http://shop.example", "null", `${host}.evil.test`, ""]) {
        problem(await Listener.refused(allowing, { token: good, headers: { origin } }), 403, "origin-forbidden")
      }
    } finally {
      await allowing.close()
    }
  })

  it("never shows a byte of another tenant, whatever it asks for", async () => {
    const listener = await open({ token: await fresh("spy") })
    await listener.subscribe({ after: "start" }, "all")
    await listener.subscribe({ aggregate: "Box", ids: { theirs: 0 } }, "ids")
    await write(target, "other", "theirs", { text: "geheim" })
    await write(target, "t", "theirs", { text: "own" })
    await listener.until(() => listener.events("ids").length > 0 && listener.events("all").length > 0, "their own")
    assert.deepStrictEqual(listener.events("ids").map(({ payload }) => payload["text"]), ["own"])
    const positions = listener.frames.flatMap(({ position }) => position === undefined ? [] : [atob(position)])
    for (const text of [...listener.texts, ...positions]) assert.notMatch(text, /geheim|other/)
    const theirs = await Listener.open(target, { token: await target.issuer.token("other", "stream") })
    theirs.send({ op: "subscribe", subscription: "s", after: listener.frames[0]!.position })
    await theirs.until(() => theirs.frames.length > 0, "an answer")
    assert.strictEqual(theirs.frames[0]!.problem?.["pointer"], "/after")
    await Promise.all([listener.close(), theirs.close()])
  })

  it("that does not read is ended with 1013, and the others do not notice", async () => {
    const [slow, quick] = [await open({ token: await fresh("slow") }), await open({ token: await fresh("quick") })]
    for (const listener of [slow, quick]) await listener.subscribe({ aggregate: "Box" })
    slow.ws.pause()
    const before = quick.events().length
    for (let n = 0; n < 60; n++) await write(target, "t", `big-${n}`, { count: 2, bytes: 150_000 }, "Fill")
    await quick.until(() => quick.events().length === before + 120, "all of them")
    // Its goodbye waits behind what it did not read.
    slow.ws.resume()
    assert.include([1013, 1006], await slow.ended)
    assert.isBelow(slow.events().length, 120)
    await quick.close()
  }, 60_000)

  it("ends with 1001 when the process does", async () => {
    const ending = await embedded()
    const listener = await Listener.open(ending, { token: await ending.issuer.token("t", "stream") })
    await listener.subscribe({})
    const closing = ending.close()
    assert.strictEqual(await listener.ended, 1001)
    await closing
  })
})
