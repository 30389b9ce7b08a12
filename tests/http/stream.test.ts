/**
 * `/v1/stream` over the embedded store and a real socket: who gets in, what is told, how it ends.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, problem } from "./client.ts"
import * as Listener from "./Listener.ts"
import { embedded, type Target } from "./Target.ts"

describe("/v1/stream", () => {
  let target: Target
  let token = ""
  let writer = ""
  beforeAll(async () => {
    target = await embedded()
    token = await target.issuer.token("t", "stream")
    writer = await target.issuer.token("t", "commands:*")
  })
  afterAll(() => target.close())

  const put = async (id: string, text: string, as = writer) => {
    const said = await ask(target, `/v1/Box/${id}/commands/Put`, { token: as, body: { text } })
    assert.strictEqual(said.status, 200, said.text)
    return JSON.parse(said.text) as { readonly version: number; readonly position: string }
  }
  const texts = (items: ReadonlyArray<Listener.Item>) => items.map(({ payload }) => payload["text"])

  it("tells of an event from now on, with what the history says of it and the stream's name", async () => {
    await put("a", "before")
    const listener = await Listener.open(target, { token })
    assert.strictEqual(listener.ws.protocol, "nexus.v1")
    await listener.subscribe({ aggregate: "Box" })
    await put("a", "after")
    await listener.until(() => listener.events().length > 0, "an event")
    const history = await target.issuer.token("t", "history")
    const { events } = JSON.parse((await ask(target, "/v1/Box/a/events", { token: history })).text)
    assert.deepStrictEqual(listener.events() as unknown, [{ aggregate: "Box", id: "a", ...events[1] }])
    assert.strictEqual(await listener.close(), 1005)
  })

  it("resumes instances by version and all others by position, without loss", async () => {
    const first = await Listener.open(target, { token })
    const { position } = await first.subscribe({})
    for (const id of ["r1", "r2"]) for (const text of ["1", "2", "3"]) await put(id, text)
    await first.close()
    const second = await Listener.open(target, { token })
    await second.subscribe({ aggregate: "Box", ids: { r1: 1, r2: 0, r3: null } }, "ids")
    await second.subscribe({ after: position }, "feed")
    await put("r1", "4")
    await put("r3", "1")
    await second.until(() => second.events("ids").length === 7 && second.events("feed").length === 8, "all of them")
    const of = (id: string) => texts(second.events("ids").filter((item) => item.id === id))
    assert.deepStrictEqual([of("r1"), of("r2"), of("r3")], [["2", "3", "4"], ["1", "2", "3"], ["1"]])
    assert.deepStrictEqual(texts(second.events("feed")), ["1", "2", "3", "1", "2", "3", "4", "1"])
    const from = second.frames.findLast(({ subscription }) => subscription === "feed")!.position
    await second.close()
    await put("r2", "4")
    const third = await Listener.open(target, { token })
    await third.subscribe({ after: from })
    await third.until(() => third.events().length === 1, "the rest")
    assert.deepStrictEqual(texts(third.events()), ["4"])
    await third.close()
  })

  it("tells of what another process on the same store wrote", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nexus-two-"))
    const [one, two] = [await embedded({}, { NEXUS_DATA: folder }), await embedded({}, { NEXUS_DATA: folder })]
    try {
      const listener = await Listener.open(one, { token: await one.issuer.token("t", "stream") })
      await listener.subscribe({ aggregate: "Box" }, "feed")
      await listener.subscribe({ aggregate: "Box", ids: { x: 0 } }, "ids")
      const as = await two.issuer.token("t", "commands:*")
      for (const text of ["1", "2"]) await ask(two, "/v1/Box/x/commands/Put", { token: as, body: { text } })
      await listener.until(() => listener.events("feed").length === 2 && listener.events("ids").length === 2, "both")
      await listener.close()
    } finally {
      await Promise.all([one.close(), two.close()])
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it("takes the position of a command's answer, and begins at the start where asked to", async () => {
    const { position } = await put("p", "1")
    await put("p", "2")
    const listener = await Listener.open(target, { token })
    await listener.subscribe({ after: position })
    await listener.subscribe({ after: "start", aggregate: "Box", types: ["ItemPut"] }, "all")
    await listener.until(() => listener.events().length > 0, "what came behind")
    assert.deepStrictEqual(texts(listener.events()), ["2"])
    await listener.until(() => listener.events("all").some(({ id, version }) => id === "p" && version === 2), "all")
    assert.strictEqual(texts(listener.events("all"))[0], "before")
    await listener.close()
  })

  it("takes a token by header, by subprotocol, or as a ticket that is good once", async () => {
    const authorization = `Bearer ${token}`
    await (await Listener.open(target, { headers: { authorization } })).close()
    const said = await ask(target, "/v1/stream/tickets", { method: "POST", token })
    const { expiresInSeconds, ticket } = JSON.parse(said.text)
    assert.deepStrictEqual([said.status, expiresInSeconds], [200, 30])
    const query = `?ticket=${ticket}`
    await (await Listener.open(target, { query })).close()
    problem(await Listener.refused(target, { query }), 401, "unauthorized")
  })

  it("answers whoever is not let in as any route does, and says 426 to whoever wants no socket", async () => {
    const poor = await target.issuer.token("t", "read history")
    problem(await Listener.refused(target, {}), 401, "unauthorized")
    problem(await Listener.refused(target, { token: "a.b.c" }), 401, "unauthorized")
    problem(await Listener.refused(target, { query: `?access_token=${token}` }), 422, "invalid-query")
    problem(await Listener.refused(target, { query: `?ticket=${"0".repeat(64)}` }), 401, "unauthorized")
    problem(
      await Listener.refused(target, { token, headers: { authorization: `Bearer ${token}` } }),
      401,
      "unauthorized",
    )
    problem(await Listener.refused(target, { token: poor }), 403, "forbidden")
    problem(await Listener.refused(target, { protocols: ["other"] }), 400, "invalid-header")
    const plain = await ask(target, "/v1/stream", { token })
    problem(plain, 426, "upgrade-required")
    assert.strictEqual(plain.headers.get("upgrade"), "websocket")
  })
})
