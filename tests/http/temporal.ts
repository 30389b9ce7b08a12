/**
 * Questions after the past: states at versions and times, events of time ranges, and the limit that they share.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Ask, ask, type Document, documentOf, problem, promised, routesOf, type Said } from "./client.ts"
import type { Open, Target } from "./Target.ts"

const queries = 10

export const temporal = (open: Open): void => {
  describe("the past", () => {
    let target: Target
    let document: Document
    /** When the three events of one command, and the two of the next, were recorded. */
    let [first, second] = [0, 0]
    let clients = 0
    /** A client that has asked nothing yet. */
    const client = async (tenant = "t", scope = "history read commands:*") => {
      const token = await target.issuer.sign({ tenant, sub: `client-${clients++}`, scope })
      return (path: string, options: Ask = {}) => ask(target, path, { ...options, token })
    }
    const json = ({ text }: Said) => JSON.parse(text)
    const recordedAt = async (version: number) => {
      const said = await (await client())(`/v1/Box/a/events?fromVersion=${version}&limit=1`)
      return json(said).events[0].recordedAt as number
    }
    /** Until the store says that all that was written so far is listed. */
    const settled = async () => {
      const path = `/v1/events?from=${first}&to=${second + 1}&limit=1`
      while (json(await (await client())(path)).settled <= second) {
        await new Promise((resolve) => setTimeout(resolve, 250))
      }
    }
    beforeAll(async () => {
      target = await open()
      document = await documentOf(target)
      const writer = await client()
      assert.strictEqual((await writer("/v1/Box/a/commands/Fill", { body: { count: 3, bytes: 1 } })).status, 200)
      first = await recordedAt(1)
      // The store's clock has moved on before the next command.
      await new Promise((resolve) => setTimeout(resolve, 5))
      assert.strictEqual((await writer("/v1/Box/a/commands/Fill", { body: { count: 2, bytes: 1 } })).status, 200)
      second = await recordedAt(4)
      assert.isAbove(second, first)
    })
    afterAll(() => target.close())

    it("is a state at each version, for ever the same", async () => {
      const get = await client()
      for (let version = 1; version <= 5; version++) {
        const said = await get(`/v1/Box/a?version=${version}`)
        assert.strictEqual(said.status, 200, said.text)
        const { position, ...rest } = json(said)
        const at = version <= 3 ? first : second
        assert.deepStrictEqual(rest, { aggregate: "Box", id: "a", version, recordedAt: at, state: { items: version } })
        assert.isString(position)
        assert.strictEqual(said.headers.get("etag"), `"${version}"`)
        assert.strictEqual(said.headers.get("cache-control"), "private, max-age=3600")
        assert.include(said.headers.get("vary"), "authorization")
      }
      const newest = await get("/v1/Box/a")
      assert.strictEqual((await get("/v1/Box/a?version=5")).text, newest.text)
      const known = await get("/v1/Box/a?version=2", { headers: { "if-none-match": '"2"' } })
      assert.deepStrictEqual([known.status, known.text, known.headers.get("etag")], [304, "", '"2"'])
    })

    it("is a state at a time: all events of that millisecond are in, none of the next", async () => {
      const at = async (time: string | number) => json(await (await client())(`/v1/Box/a?asOf=${time}`))
      for (const [time, version] of [[first, 3], [second - 1, 3], [second, 5], [second + 1e9, 5]] as const) {
        const said = await at(time)
        assert.deepInclude(said, { version, asOf: time, state: { items: version } })
        assert.strictEqual(said.recordedAt, version === 3 ? first : second)
      }
      const iso = new Date(first).toISOString()
      // The plus of an offset that is not escaped arrives as a space.
      const offset = new Date(first + 3_600_000).toISOString().replace("Z", "+01:00")
      const west = new Date(first - 5_400_000).toISOString().replace("Z", "-01:30")
      const forms = [iso, iso.toLowerCase(), iso.replace("Z", "999Z"), offset, encodeURIComponent(offset), west]
      for (const form of forms) assert.deepInclude(await at(form), { version: 3, asOf: first }, form)
      const get = await client()
      const cached = async (time: number) => (await get(`/v1/Box/a?asOf=${time}`)).headers.get("cache-control")
      assert.strictEqual(await cached(second - 1), "private, max-age=3600")
      assert.strictEqual(await cached(second), "private, no-cache", "an event of this very time may still come")
    })

    it("does not reach beyond the newest version nor before the first event", async () => {
      const get = await client()
      assert.strictEqual(problem(await get("/v1/Box/a?version=6"), 404, "version-not-found")["headVersion"], 5)
      const early = problem(await get(`/v1/Box/a?asOf=${first - 1}`), 404, "before-first-event")
      assert.strictEqual(early["firstRecordedAt"], first)
      problem(await get("/v1/Box/a?asOf=0"), 404, "before-first-event")
      for (const query of ["version=1", `asOf=${second}`]) problem(await get(`/v1/Box/b?${query}`), 404, "not-found")
    })

    it("of another tenant is as absent as one that never was, to the byte", async () => {
      const get = await client("other")
      for (const query of ["version=1", "version=99", `asOf=${second}`, `asOf=${first - 1}`]) {
        const [foreign, absent] = [await get(`/v1/Box/a?${query}`), await get(`/v1/Box/never?${query}`)]
        assert.strictEqual(foreign.status, 404)
        assert.strictEqual(foreign.text.replaceAll("Box/a", "Box/never"), absent.text)
        const headers = ({ headers }: Said) => [...headers].filter(([name]) => !/date|keep|conn|length/.test(name))
        assert.deepStrictEqual(headers(foreign), headers(absent))
      }
      const { cursor, events } = json(await get(`/v1/events?from=${first}&to=${second + 1}`))
      assert.deepStrictEqual([cursor, events], [null, []])
    })

    it("is a page of the events of a time range, with a cursor to the next", async () => {
      await settled()
      const get = await client()
      const path = `/v1/events?from=${first}&to=${second + 1}&limit=2`
      const seen: Array<number> = []
      let pages = 0
      for (let cursor: string | null = ""; cursor !== null; pages++) {
        const said: Said = await get(cursor === "" ? path : `${path}&cursor=${encodeURIComponent(cursor)}`)
        assert.strictEqual(said.status, 200, said.text)
        const page = json(said)
        assert.deepInclude(page, { from: first, to: second + 1 })
        assert.isAtMost(page.settled, second + 1)
        seen.push(...page.events.map(({ version }: { version: number }) => version))
        cursor = page.cursor
      }
      assert.deepStrictEqual([seen, pages], [[1, 2, 3, 4, 5], 3])
      const versions = async (query: string) =>
        json(await get(`/v1/events?${query}`)).events.map(({ version }: { version: number }) => version)
      assert.deepStrictEqual(await versions(`from=${first}&to=${second}`), [1, 2, 3], "`to` is not in")
      assert.deepStrictEqual(await versions(`from=${second}&to=${second + 1}`), [4, 5], "`from` is in")
      assert.deepStrictEqual(await versions(`from=${first}&to=${second + 1}&aggregate=Box`), [1, 2, 3, 4, 5])
      const [event] = json(await get(`/v1/events?from=${first}&to=${second}&limit=1`)).events
      const history = json(await (await client())("/v1/Box/a/events?limit=1"))
      assert.deepStrictEqual(event, { aggregate: "Box", id: "a", ...history.events[0] })
      const long = json(await get(`/v1/events?from=0&to=1000`))
      assert.deepStrictEqual(long, { from: 0, to: 1_000, settled: 1_000, events: [], cursor: null })
    })

    it("refuses a question that is wrong, names what is, and consumes nothing", async () => {
      const get = await client()
      const range = `from=${first}&to=${second}`
      const days = 24 * 3_600_000
      const foreign = json(await (await client("u"))(`/v1/events?from=0&to=1&limit=1`)).cursor ?? "eyJ9"
      const wrong: ReadonlyArray<[path: string, parameter: string]> = [
        ...["0", "-1", "1.5", "x", "", "1e3", "9007199254740992"]
          .map((version): [string, string] => [`/v1/Box/a?version=${version}`, "version"]),
        ...["", "x", "-1", "1.5", "now", "2026-01-01", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "1e12"]
          .map((time): [string, string] => [`/v1/Box/a?asOf=${time}`, "asOf"]),
        ...["2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00%2B25:00"]
          .map((time): [string, string] => [`/v1/Box/a?asOf=${time}`, "asOf"]),
        ["/v1/Box/a?asOf=1960-01-01T00:00:00Z", "asOf"],
        ["/v1/Box/a?asOf=9999999999999999", "asOf"],
        [`/v1/Box/a?version=1&asOf=${first}`, "asOf"],
        ["/v1/Box/a?version=1&version=1", "version"],
        ["/v1/Box/a?version=1&limit=1", "limit"],
        ["/v1/events", "from"],
        [`/v1/events?from=${first}`, "to"],
        [`/v1/events?to=${first}`, "from"],
        [`/v1/events?from=${second}&to=${first}`, "to"],
        [`/v1/events?from=${first}&to=${first + 90 * days + 1}`, "to"],
        [`/v1/events?${range}&aggregate=Nope`, "aggregate"],
        [`/v1/events?${range}&limit=0`, "limit"],
        [`/v1/events?${range}&limit=501`, "limit"],
        ...["", "x", foreign].map((cursor): [string, string] => [`/v1/events?${range}&cursor=${cursor}`, "cursor"]),
      ]
      for (const [path, parameter] of wrong) {
        assert.strictEqual(problem(await get(path), 422, "invalid-query")["parameter"], parameter, path)
      }
      assert.strictEqual((await get(`/v1/events?from=${first}&to=${first + 90 * days}`)).status, 200)
      for (let i = 1; i < queries; i++) assert.strictEqual((await get("/v1/Box/a?version=1")).status, 200)
      problem(await get("/v1/Box/a?version=1"), 429, "query-limit")
    })

    it("does not take a cursor of another tenant", async () => {
      await settled()
      const range = `from=${first}&to=${second + 1}&limit=1`
      const { cursor } = json(await (await client())(`/v1/events?${range}`))
      assert.isString(cursor)
      const said = await (await client("other"))(`/v1/events?${range}&cursor=${encodeURIComponent(cursor)}`)
      assert.strictEqual(problem(said, 422, "invalid-query")["parameter"], "cursor")
    })

    it("is asked for ten times a minute by a client, over all three kinds, whatever comes of it", async () => {
      const get = await client()
      const asked = ["/v1/Box/a?version=1", `/v1/Box/a?asOf=${first}`, `/v1/events?from=${first}&to=${second}`]
      const missing = ["/v1/Box/never?version=1", "/v1/Box/a?version=77", `/v1/Box/a?asOf=${first - 1}`]
      const more = [...asked, ...missing, ...asked]
      for (const path of more) assert.include([200, 404], (await get(path)).status)
      const known = await get("/v1/Box/a?version=1", { headers: { "if-none-match": '"1"' } })
      assert.strictEqual(known.status, 304)
      for (const path of more) {
        const said = await get(path)
        problem(said, 429, "query-limit")
        const seconds = Number(said.headers.get("retry-after"))
        assert.isTrue(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, `${seconds}`)
        const route = routesOf(document).find((one) => one.path === (path[4] === "e" ? "/v1/events" : "/v1/Box/{id}"))!
        promised(document, { ...route, method: "GET" }, said)
      }
      // Neither the newest state nor the history of one instance is limited so.
      assert.strictEqual((await get("/v1/Box/a")).status, 200)
      assert.strictEqual((await get("/v1/Box/a/events")).status, 200)
      problem(await get("/v1/Box/a?version=x"), 422, "invalid-query")
      assert.strictEqual((await (await client())(asked[0]!)).status, 200, "another client goes on")
    })

    it("counts by tenant and subject, however many tokens a client has and however fast it asks", async () => {
      const tokens = await Promise.all(
        ["history", "history read"].map((scope) => target.issuer.sign({ tenant: "t", sub: "fast", scope })),
      )
      const all = await Promise.all(
        Array.from({ length: 40 }, (_, i) => ask(target, "/v1/Box/a?version=1", { token: tokens[i % 2]! })),
      )
      assert.strictEqual(all.filter(({ status }) => status === 200).length, queries)
      assert.strictEqual(all.filter(({ status }) => status === 429).length, 40 - queries)
      const namesake = await target.issuer.sign({ tenant: "u", sub: "fast", scope: "history" })
      assert.strictEqual((await ask(target, "/v1/Box/a?version=1", { token: namesake })).status, 404)
    })

    it("needs the scope `history`, and only where the past is asked for", async () => {
      const reader = await client("t", "read commands:* stream ops")
      for (const path of ["/v1/Box/a?version=1", `/v1/Box/a?asOf=${first}`, "/v1/Box/a?asOf=", "/v1/events"]) {
        assert.strictEqual(problem(await reader(path), 403, "forbidden")["scope"], "history", path)
      }
      assert.strictEqual((await reader("/v1/Box/a")).status, 200)
      const historian = await client("t", "history")
      assert.strictEqual(problem(await historian("/v1/Box/a"), 403, "forbidden")["scope"], "read")
      assert.strictEqual((await historian("/v1/Box/a?version=1")).status, 200)
      problem(await ask(target, "/v1/Box/a?version=1"), 401, "unauthorized")
    })

    it("is answered as the document promises", async () => {
      const get = await client()
      const [state, events] = ["/v1/Box/{id}", "/v1/events"].map((path) =>
        routesOf(document).find((route) => route.path === path && route.method === "GET")!
      )
      for (const path of ["a?version=1", `a?asOf=${first}`, "a?version=9", `a?asOf=1`, "x?version=1", "a?version=x"]) {
        promised(document, state!, await get(`/v1/Box/${path}`))
      }
      promised(document, events!, await get(`/v1/events?from=${first}&to=${second}`))
      promised(document, events!, await get("/v1/events"))
      const required = document.paths["/v1/events"]!["get"]!.parameters as ReadonlyArray<
        { readonly name: string; readonly required?: boolean }
      >
      assert.deepStrictEqual(required.filter((one) => one.required).map(({ name }) => name), ["from", "to"])
    })
  })
}
