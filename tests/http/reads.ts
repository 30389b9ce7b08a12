/**
 * What reads answer: state, history, instances, health and metrics.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, everything, problem } from "./client.ts"
import type { Open, Target } from "./Target.ts"

export const reads = (open: Open): void => {
  describe("reads", () => {
    let target: Target
    let token: string
    const get = async (path: string) => JSON.parse((await ask(target, path, { token })).text)
    beforeAll(async () => {
      target = await open()
      token = await target.issuer.token("t", everything)
      for (const id of ["a", "b", "c"]) {
        await ask(target, `/v1/Box/${id}/commands/Fill`, { token, body: { count: 5, bytes: 2 } })
      }
    })
    afterAll(() => target.close())

    it("give the newest state with its version as entity tag, and 304 to who knows it", async () => {
      const said = await ask(target, "/v1/Box/a", { token })
      const { position, recordedAt, ...rest } = JSON.parse(said.text)
      assert.deepStrictEqual(rest, { aggregate: "Box", id: "a", version: 5, state: { items: 5 } })
      assert.isString(position)
      assert.isBelow(Math.abs(Date.now() - recordedAt), 60_000)
      assert.strictEqual(said.headers.get("etag"), '"5"')
      const same = await ask(target, "/v1/Box/a", { token, headers: { "if-none-match": '"5"' } })
      assert.deepStrictEqual([same.status, same.text, same.headers.get("etag")], [304, "", '"5"'])
      assert.strictEqual((await ask(target, "/v1/Box/a", { token, headers: { "if-none-match": '"4"' } })).status, 200)
    })

    it("page through the history of an instance", async () => {
      const seen: Array<number> = []
      for (let next: number | null = 1; next !== null;) {
        const page: { events: ReadonlyArray<{ version: number }>; nextVersion: number | null } = await get(
          `/v1/Box/a/events?fromVersion=${next}&limit=2`,
        )
        assert.isAtMost(page.events.length, 2)
        seen.push(...page.events.map(({ version }) => version))
        next = page.nextVersion
      }
      assert.deepStrictEqual(seen, [1, 2, 3, 4, 5])
      const { events: [event] } = await get("/v1/Box/a/events?limit=1")
      assert.deepInclude(event, {
        version: 1,
        type: "ItemPut",
        schemaVersion: 1,
        payload: { text: "xx" },
        principal: "s",
      })
      assert.deepStrictEqual((await get("/v1/Box/a/events?fromVersion=6")).events, [])
      problem(await ask(target, "/v1/Box/never/events", { token }), 404, "not-found")
      problem(await ask(target, "/v1/Box/never/events?fromVersion=3", { token }), 404, "not-found")
    })

    it("page through the instances by id", async () => {
      const seen: Array<string> = []
      for (let cursor: string | null = ""; cursor !== null;) {
        const query = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`
        const page: { instances: ReadonlyArray<{ id: string }>; cursor: string | null } = await get(
          `/v1/Box?limit=2${query}`,
        )
        seen.push(...page.instances.map(({ id }) => id))
        cursor = page.cursor
      }
      assert.deepStrictEqual(seen, ["a", "b", "c"])
      for (const cursor of ["x", "eyJ9", "%00", "a".repeat(500)]) {
        assert.strictEqual(
          problem(await ask(target, `/v1/Box?cursor=${cursor}`, { token }), 422, "invalid-query")["parameter"],
          "cursor",
        )
      }
    })

    it("keep pages within their bound: 500 is taken, 501 is refused", async () => {
      for (const path of ["/v1/Box", "/v1/Box/a/events"]) {
        assert.strictEqual((await ask(target, `${path}?limit=500`, { token })).status, 200)
        for (const limit of ["501", "0", "-1", "1.5", "1e2", "", "x", "0x10", " 1", "99999999999999999999"]) {
          const said = await ask(target, `${path}?limit=${limit}`, { token })
          assert.strictEqual(problem(said, 422, "invalid-query")["parameter"], "limit")
        }
      }
      for (const from of ["0", "-1", "x", "9007199254740992"]) {
        const said = await ask(target, `/v1/Box/a/events?fromVersion=${from}`, { token })
        assert.strictEqual(problem(said, 422, "invalid-query")["parameter"], "fromVersion")
      }
    })

    it("tell of the process: alive, ready, and its metrics", async () => {
      assert.deepStrictEqual(JSON.parse((await ask(target, "/health/live")).text), { status: "live" })
      assert.deepStrictEqual(JSON.parse((await ask(target, "/health/ready")).text), { status: "ready" })
      const { headers, text } = await ask(target, "/metrics", { token })
      assert.match(headers.get("content-type")!, /^text\/plain/)
      assert.match(text, /^CommandsAccepted \d+$/m)
      assert.match(text, /^HttpRequests\{method="POST",route="\/v1\/Box\/:id\/commands\/Fill",status="200"\} \d+$/m)
      assert.match(text, /^HttpLatency_count\{/m)
    })
  })
}
