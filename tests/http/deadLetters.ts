/**
 * Dead letters over HTTP: shown to their tenant alone, asked to be tried again or given up, and what that would do.
 * @module
 */
import { Effect } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { idOf } from "../../core/DeadLetters.ts"
import { type Ask, ask, type Document, documentOf, everything, problem, promised, routesOf } from "./client.ts"
import type { Said } from "./client.ts"
import type { Open, Target } from "./Target.ts"

interface Letter {
  readonly id: string
  readonly asked: string
  readonly [name: string]: unknown
}

export const deadLetters = (open: Open): void => {
  describe("dead letters", () => {
    let target: Target
    let document: Document
    beforeAll(async () => {
      target = await open()
      document = await documentOf(target)
    })
    afterAll(() => target.close())

    const root = "/v1/dead-letters"
    const as = async (tenant: string, scope = everything) => {
      const token = await target.issuer.token(tenant, scope)
      return (path: string, options: Ask = {}) => ask(target, `${root}${path}`, { ...options, token })
    }
    const json = ({ status, text }: Said) => {
      assert.strictEqual(status, 200, text)
      return JSON.parse(text)
    }
    const isPromised = (method: string, path: string, said: Said) =>
      promised(document, routesOf(document).find((one) => one.method === method && one.path === root + path)!, said)

    const row = (tenant: string, id: string, at: number, more: { consumer?: string; version?: number } = {}) => {
      const { consumer = "mailer", version = 1 } = more
      const stream = { tenant, aggregate: "Box", id }
      return {
        ...{ id: idOf(consumer, stream), kind: "stream" as const, consumer, stream, version, eventId: `e-${id}` },
        ...{ type: "ItemPut", error: "Refused", attempts: 6, firstAt: 1_000, lastAt: 1_000 + at, traceId: "ab" },
      }
    }
    const put = (...rows: ReadonlyArray<ReturnType<typeof row>>) =>
      target.letters((letters) => Effect.forEach(rows, letters.put))
    const items = async (tenant: string, search = "") =>
      json(await (await as(tenant))(search)).deadLetters as ReadonlyArray<Letter>

    it("are listed newest first, in pages, by consumer and stream, each with all but its tenant and fence", async () => {
      const rows = ["a", "b", "c"].map((id, i) => row("list", id, i))
      await put(...rows, row("list", "a", 9, { consumer: "router" }), row("other", "a", 5))
      const get = await as("list")
      const all = await get("")
      isPromised("GET", "", all)
      const { cursor, deadLetters: found } = json(all)
      assert.isNull(cursor)
      const { id: _, ...first } = found[1]
      const { id: __, stream: ___, ...rest } = rows[2]!
      assert.deepStrictEqual(first, { ...rest, stream: { aggregate: "Box", id: "c" }, asked: "nothing" })
      const keys = (letters: ReadonlyArray<Letter>) =>
        letters.map(({ consumer, stream }) => `${consumer}/${(stream as { id: string }).id}`)
      assert.deepStrictEqual(keys(found), ["router/a", "mailer/c", "mailer/b", "mailer/a"])
      const pages: Array<string> = []
      for (let search: string | undefined = "?limit=3"; search !== undefined;) {
        const page = json(await get(search))
        pages.push(...keys(page.deadLetters))
        search = page.cursor === null ? undefined : `?limit=3&cursor=${page.cursor}`
      }
      assert.deepStrictEqual(pages, keys(found))
      assert.deepStrictEqual(keys(await items("list", "?consumer=mailer")), ["mailer/c", "mailer/b", "mailer/a"])
      assert.deepStrictEqual(keys(await items("list", "?stream=Box/a")), ["router/a", "mailer/a"])
      assert.deepStrictEqual(keys(await items("list", "?stream=Box/a&consumer=mailer")), ["mailer/a"])
      assert.isEmpty(await items("list", "?consumer=router&stream=Box/b"))
      for (const bad of ["?stream=Box", "?stream=Box/a/b", "?consumer=a%2Fb", "?cursor=x", "?limit=0"]) {
        const said = await get(bad)
        problem(said, 422, "invalid-query")
        isPromised("GET", "", said)
      }
      const one = await get(`/${found[1].id}`)
      isPromised("GET", "/{letter}", one)
      assert.deepStrictEqual(json(one), found[1])
    })

    it("of another tenant are absent, to the byte", async () => {
      await put(row("ann", "x", 1))
      const [letter] = await items("ann")
      const [ann, bob] = [await as("ann"), await as("bob")]
      const paths = [
        "",
        `/${letter!.id}`,
        `/${letter!.id}/redrive`,
        `/${letter!.id}/redrive?dryRun=true`,
        `/${letter!.id}/discard?seen=1`,
      ]
      const seen = async () => {
        const said = [
          ...paths.slice(0, 2).map((path) => bob(path)),
          ...paths.slice(2).map((path) => bob(path, { method: "POST" })),
        ]
        return (await Promise.all(said)).map(({ headers, status, text }) => [status, headers.get("content-type"), text])
      }
      const foreign = await seen()
      assert.deepStrictEqual(foreign.map(([status]) => status), [200, 404, 404, 404, 404])
      assert.deepStrictEqual(json(await bob("/redrive", { body: { all: true } })).items, [])
      assert.strictEqual(json(await ann(`/${letter!.id}`)).asked, "nothing")
      await target.letters((letters) => Effect.flatMap(letters.put(row("ann", "x", 1)), letters.resolve))
      assert.deepStrictEqual(await seen(), foreign)
      const { instance: _, ...absent } = problem(await ann(`/${letter!.id}`), 404, "not-found")
      for (const id of ["nonsense", "redriven", `${letter!.id}=`, "a".repeat(1_000), "%20"]) {
        const { instance: _, ...said } = problem(await ann(`/${id}`), 404, "not-found")
        assert.deepStrictEqual(said, absent, id)
      }
    })

    it("are asked to be redriven one by one; twice is once, and the answer the same", async () => {
      await put(row("one", "a", 1), row("one", "b", 2))
      const [b, a] = await items("one")
      const post = await as("one")
      const said = await post(`/${a!.id}/redrive`, { method: "POST" })
      isPromised("POST", "/{letter}/redrive", said)
      assert.deepStrictEqual(json(said), { dryRun: false, deadLetter: { ...a!, asked: "redrive" } })
      assert.strictEqual((await post(`/${a!.id}/redrive`, { method: "POST" })).text, said.text)
      assert.deepStrictEqual(await items("one"), [b!, { ...a!, asked: "redrive" }])
      const rows = await target.letters((letters) => letters.asked("mailer", 500))
      assert.deepStrictEqual(rows.filter(({ stream }) => stream.tenant === "one").map(({ stream }) => stream.id), ["a"])
      problem(await post(`/${a!.id}/redrive?dryRun=yes`, { method: "POST" }), 422, "invalid-query")
    })

    it("are asked to be redriven by consumer, by stream, or all where that is said, a hundred a call", async () => {
      await put(
        ...Array.from({ length: 105 }, (_, i) => row("many", `m-${i}`, i)),
        row("many", "m-1", 0, { consumer: "x" }),
      )
      const post = await as("many")
      const redriven = async () => (await items("many", "?limit=500")).filter(({ asked }) => asked === "redrive").length
      const wrong: ReadonlyArray<readonly [unknown, string]> = [
        [{}, ""],
        [{ dryRun: true }, ""],
        [{ all: true, consumer: "x" }, ""],
        [{ all: false }, "/all"],
        [{ consummer: "x" }, "/consummer"],
        [{ consumer: "a/b" }, "/consumer"],
        [{ stream: "Box" }, "/stream"],
        [{ all: true, cursor: "x" }, "/cursor"],
        [[], ""],
      ]
      for (const [body, pointer] of wrong) {
        const said = await post("/redrive", { body })
        assert.strictEqual(problem(said, 422, "invalid-filter")["pointer"], pointer, JSON.stringify(body))
        isPromised("POST", "/redrive", said)
      }
      const { rule } = problem(await post("/redrive", { body: { stream: "Box" } }), 422, "invalid-filter")
      assert.strictEqual(rule, "Expected an aggregate, a slash and an id")
      assert.strictEqual(await redriven(), 0)
      problem(
        await post("/redrive", { body: "{", headers: { "content-type": "text/plain" } }),
        415,
        "unsupported-media-type",
      )

      const byConsumer = await post("/redrive", { body: { consumer: "x" } })
      isPromised("POST", "/redrive", byConsumer)
      assert.strictEqual(json(byConsumer).items.length, 1)
      assert.strictEqual((await post("/redrive", { body: { consumer: "x" } })).text, byConsumer.text)
      assert.strictEqual(json(await post("/redrive", { body: { stream: "Box/m-1" } })).items.length, 2)
      assert.strictEqual(await redriven(), 2)
      const first = json(await post("/redrive", { body: { all: true } }))
      assert.deepStrictEqual([first.items.length, typeof first.cursor], [100, "string"])
      const second = json(await post("/redrive", { body: { all: true, cursor: first.cursor } }))
      assert.deepStrictEqual([second.items.length, second.cursor], [6, null])
      assert.strictEqual(await redriven(), 106)
      problem(await post("/redrive", { body: { consumer: "x", cursor: first.cursor } }), 422, "invalid-filter")
    })

    it("show what a redrive would do, and change nothing", async () => {
      const token = await target.issuer.token("dry", everything)
      for (let i = 0; i < 3; i++) await ask(target, "/v1/Box/a/commands/Put", { token, body: { text: "a secret" } })
      await put(row("dry", "a", 1, { version: 2 }), row("dry", "none", 2))
      const post = await as("dry")
      const before = await post("")
      const [, a] = await items("dry")
      const said = await post(`/${a!.id}/redrive?dryRun=true`, { method: "POST" })
      isPromised("POST", "/{letter}/redrive", said)
      const { dryRun, plan } = json(said)
      const events = json(await ask(target, "/v1/Box/a/events", { token })).events as ReadonlyArray<{ eventId: string }>
      assert.isTrue(dryRun)
      assert.deepStrictEqual(plan, {
        events: [2, 3].map((version) => ({
          ...{ version, eventId: events[version - 1]!.eventId, type: "ItemPut", schemaVersion: 1 },
        })),
        next: null,
      })
      const many = await post("/redrive", { body: { all: true, dryRun: true } })
      isPromised("POST", "/redrive", many)
      const plans = json(many).items.map((item: { plan: { events: ReadonlyArray<unknown> } }) => item.plan)
      assert.deepStrictEqual(plans, [{ events: [], next: null }, plan])
      assert.notInclude(said.text + many.text, "secret")
      assert.strictEqual((await post("")).text, before.text)
    })

    it("are asked to be given up one by one as they were seen, and by nobody of the router's", async () => {
      await put(row("give", "a", 1, { version: 3 }), row("give", "b", 2, { consumer: "router" }))
      const [b, a] = await items("give")
      const post = await as("give")
      const discard = (letter: Letter, search: string) => post(`/${letter.id}/discard${search}`, { method: "POST" })
      for (const search of ["", "?seen=0", "?seen=x", "?seen=3&seen=3"]) {
        problem(await discard(a!, search), 422, "invalid-query")
      }
      for (const search of ["?seen=2", "?seen=2&dryRun=true"]) {
        const stale = await discard(a!, search)
        assert.strictEqual(problem(stale, 409, "dead-letter-changed")["version"], 3)
        isPromised("POST", "/{letter}/discard", stale)
      }
      for (const search of ["?seen=1", "?dryRun=true"]) {
        const refused = await discard(b!, search)
        problem(refused, 409, "not-discardable")
        isPromised("POST", "/{letter}/discard", refused)
      }
      assert.deepStrictEqual(await items("give"), [b!, a!])

      const dry = await discard(a!, "?dryRun=true")
      isPromised("POST", "/{letter}/discard", dry)
      const givenUp = { version: 3, eventId: "e-a", type: "ItemPut", isStored: false }
      assert.deepStrictEqual(json(dry), { dryRun: true, deadLetter: a!, plan: { givenUp, events: [], next: null } })
      const said = await discard(a!, "?seen=3")
      isPromised("POST", "/{letter}/discard", said)
      assert.deepStrictEqual(json(said), { dryRun: false, deadLetter: { ...a!, asked: "discard" } })
      assert.strictEqual((await discard(a!, "?seen=3")).text, said.text)
      // Whoever says so last.
      json(await post(`/${a!.id}/redrive`, { method: "POST" }))
      assert.deepStrictEqual(await items("give"), [b!, { ...a!, asked: "redrive" }])
      problem(await post("/discard"), 405, "method-not-allowed")
    })

    it("are asked to be given up by consumer or stream as they were seen, and never all", async () => {
      const ids = ["a", "b", "c"]
      await put(...ids.map((id, i) => row("some", id, i)), row("some", "a", 1, { consumer: "router" }))
      const post = await as("some")
      const wrong: ReadonlyArray<readonly [unknown, string]> = [
        [{ consumer: "mailer" }, "/until"],
        [{ until: 5_000 }, ""],
        [{ all: true, until: 5_000 }, "/all"],
        [{ consumer: "mailer", until: "now" }, "/until"],
      ]
      for (const [body, pointer] of wrong) {
        const said = await post("/discard", { body })
        assert.strictEqual(problem(said, 422, "invalid-filter")["pointer"], pointer, JSON.stringify(body))
        isPromised("POST", "/discard", said)
      }
      problem(await post("/discard", { body: { consumer: "router", until: 5_000 } }), 409, "not-discardable")
      const idsOf = async (body: unknown) => {
        const said = await post("/discard", { body })
        isPromised("POST", "/discard", said)
        return json(said).items.map((item: { deadLetter: Letter }) => item.deadLetter["stream"])
          .map(({ id }: { id: string }) => id)
      }
      const discarded = async () => (await items("some")).filter(({ asked }) => asked === "discard").length
      assert.deepStrictEqual(await idsOf({ consumer: "mailer", until: 1_001, dryRun: true }), ["b", "a"])
      assert.strictEqual(await discarded(), 0)
      assert.deepStrictEqual(await idsOf({ stream: "Box/a", until: 1_001 }), ["a"])
      assert.deepStrictEqual(await idsOf({ consumer: "mailer", until: 1_001 }), ["b", "a"])
      assert.strictEqual(await discarded(), 2)
    })

    it("are read, redriven and given up by those with the scope for it", async () => {
      const [reader, operator] = [await as("t", "dead-letters:read"), await as("t", "dead-letters:operate")]
      assert.strictEqual((await reader("")).status, 200)
      assert.strictEqual((await operator("/redrive", { body: { all: true } })).status, 200)
      const refused = [
        [await operator(""), "dead-letters:read"],
        [await reader("/redrive", { body: { all: true, dryRun: true } }), "dead-letters:operate"],
        [await reader("/none/redrive?dryRun=true", { method: "POST" }), "dead-letters:operate"],
        [await reader("/discard", { body: { consumer: "x", until: 0, dryRun: true } }), "dead-letters:operate"],
        [await reader("/none/discard?dryRun=true", { method: "POST" }), "dead-letters:operate"],
      ] as const
      for (const [said, scope] of refused) assert.strictEqual(problem(said, 403, "forbidden")["scope"], scope)
    })
  })
}
