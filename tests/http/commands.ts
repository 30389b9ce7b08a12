/**
 * What a command is answered: acceptance, refusals, repeats, conditions; and that a repeat is the same to the byte.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Ask, ask, everything, problem, type Said } from "./client.ts"
import type { Open, Target } from "./Target.ts"

/** Headers that a server or a connection adds of its own. */
const ofTheMoment = new Set(["date", "connection", "keep-alive", "vary"])

/** All of an answer that is ours. */
const bytes = ({ headers, status, text }: Said): string =>
  JSON.stringify([status, [...headers].filter(([name]) => !ofTheMoment.has(name)), text])

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

export const commands = (open: Open): void => {
  describe("commands", () => {
    let target: Target
    let token: string
    beforeAll(async () => {
      target = await open()
      token = await target.issuer.token("t", everything)
    })
    afterAll(() => target.close())

    const send = (id: string, command: string, body: unknown, headers: Ask["headers"] = {}) =>
      ask(target, `/v1/Box/${id}/commands/${command}`, { body, headers, token })
    const keyed = (key: string) => ({ "idempotency-key": key })

    it("are answered with what was stored, and the version as entity tag", async () => {
      const said = await send("a", "Fill", { count: 2, bytes: 3 }, keyed("a-1"))
      assert.strictEqual(said.status, 200)
      assert.strictEqual(said.headers.get("content-type"), "application/json")
      assert.strictEqual(said.headers.get("etag"), '"2"')
      const { events, position, ...rest } = JSON.parse(said.text)
      assert.deepStrictEqual(rest, { commandId: "a-1", aggregate: "Box", id: "a", version: 2 })
      assert.isString(position)
      assert.deepStrictEqual(events.map((event: { type: string; version: number }) => [event.type, event.version]), [
        ["ItemPut", 1],
        ["ItemPut", 2],
      ])
      assert.deepStrictEqual(Object.keys(JSON.parse(said.text)), [
        "commandId",
        "aggregate",
        "id",
        "version",
        "events",
        "position",
      ])
    })

    it("get a time-ordered id where they bring none", async () => {
      const first = await send("b", "Look", {})
      // Within a millisecond the order is left to chance.
      await new Promise((resolve) => setTimeout(resolve, 5))
      const second = await send("b", "Look", {})
      const [one, two] = [first, second].map(({ text }) => JSON.parse(text).commandId as string) as [string, string]
      assert.match(one, uuidV7)
      assert.isTrue(one < two)
    })

    it("are answered the same, byte for byte, when they are repeated: accepted, no-op and rejected", async () => {
      const cases = [["Put", { text: "x" }], ["Look", {}], ["Unlock", { code: "1234" }]] as const
      for (const [command, body] of cases) {
        const first = await send("c", command, body, keyed(`c-${command}`))
        await send("c", "Put", { text: "between" })
        for (let n = 0; n < 3; n++) {
          assert.strictEqual(bytes(await send("c", command, body, keyed(`c-${command}`))), bytes(first))
        }
        const many = await Promise.all(Array.from({ length: 8 }, () => send("c", command, body, keyed(`c-${command}`))))
        for (const said of many) assert.strictEqual(bytes(said), bytes(first))
      }
    })

    it("have one outcome where the same key comes many times at once", async () => {
      const many = await Promise.all(Array.from({ length: 20 }, () => send("c2", "Put", { text: "x" }, keyed("c2-1"))))
      assert.strictEqual(new Set(many.map(bytes)).size, 1)
      assert.strictEqual(JSON.parse(many[0]!.text).version, 1)
    })

    it("are the same under one key if their JSON means the same, and refused if not", async () => {
      const first = await send("d", "Put", '{"text":"a","tags":["b"]}', keyed("d-1"))
      const spelt = await send("d", "Put", ' {"tags" : ["\\u0062"], "text":"a"} ', keyed("d-1"))
      assert.strictEqual(bytes(spelt), bytes(first))
      for (const [id, command, body] of [["d", "Put", { text: "b" }], ["d", "Look", {}]] as const) {
        assert.strictEqual(
          problem(await send(id, command, body, keyed("d-1")), 422, "idempotency-key-reused")["commandId"],
          "d-1",
        )
      }
      assert.strictEqual((await send("d2", "Put", { text: "b" }, keyed("d-1"))).status, 200)
    })

    it("are refused by the application with typed members, and without redacted ones", async () => {
      await send("e", "Fill", { count: 50, bytes: 1 })
      await send("e", "Fill", { count: 50, bytes: 1 })
      const full = await send("e", "Put", { text: "x" }, keyed("e-1"))
      assert.deepInclude(problem(full, 409, "full"), {
        title: "Full",
        rejection: "Full",
        items: 100,
        instance: "/v1/Box/e/commands/Put#e-1",
      })
      const wrong = await send("e", "Unlock", { code: "geheim" })
      const { code, tries } = problem(wrong, 422, "wrong-code")
      assert.deepStrictEqual([code, tries], [undefined, 100])
      assert.notInclude(wrong.text, "geheim")
    })

    it("with If-Match are decided at that version alone", async () => {
      const at = (version: string) => ({ "if-match": version })
      assert.strictEqual((await send("f", "Put", { text: "x" }, at('"0"'))).status, 200)
      const stale = await send("f", "Put", { text: "y" }, { ...at('"0"'), ...keyed("f-1") })
      assert.strictEqual(problem(stale, 412, "version-mismatch")["version"], 1)
      // A mismatch is no outcome: the same key may be decided later.
      assert.strictEqual((await send("f", "Put", { text: "y" }, { ...at('"1"'), ...keyed("f-1") })).status, 200)
      // A receipt comes before the condition.
      assert.strictEqual((await send("f", "Put", { text: "y" }, { ...at('"9"'), ...keyed("f-1") })).status, 200)
      for (const bad of ["1", "*", 'W/"1"', '"1", "2"', '"-1"', '"01"', '"1e3"', '""', '"99999999999999999"']) {
        assert.strictEqual(problem(await send("f", "Look", {}, at(bad)), 400, "invalid-header")["header"], "If-Match")
      }
    })

    it("past their time are refused for ever", async () => {
      const until = (ms: number) => ({ "nexus-not-after": String(ms), ...keyed("g-1") })
      const late = await send("g", "Put", { text: "x" }, until(Date.now() - 1_000))
      assert.strictEqual(problem(late, 422, "expired")["commandId"], "g-1")
      assert.strictEqual(bytes(await send("g", "Put", { text: "x" }, until(Date.now() + 60_000))), bytes(late))
      assert.strictEqual(
        (await send("g", "Put", { text: "x" }, { "nexus-not-after": `${Date.now() + 60_000}` })).status,
        200,
      )
      for (const bad of ["soon", "-1", "1.5", "2026-01-01T00:00:00Z", "1e3", "9".repeat(16)]) {
        const said = await send("g", "Look", {}, { "nexus-not-after": bad })
        assert.strictEqual(problem(said, 400, "invalid-header")["header"], "Nexus-Not-After")
      }
    })

    it("that make bad, too many or too large events store nothing and say so", async () => {
      const spoiled = problem(await send("h", "Spoil", {}, keyed("h-1")), 422, "event-invalid")
      assert.deepStrictEqual([spoiled["subject"], (spoiled["issues"] as [{ pointer: string }])[0].pointer], [
        "Box.ItemPut.v1",
        "/text",
      ])
      const many = problem(await send("h", "Fill", { count: 51, bytes: 1 }), 422, "too-many-events")
      assert.deepStrictEqual([many["events"], many["maxEvents"]], [51, 50])
      assert.strictEqual(
        problem(await send("h", "Fill", { count: 1, bytes: 360_000 }), 422, "event-too-large")["maxBytes"],
        350_000,
      )
      problem(await send("h", "Fill", { count: 20, bytes: 300_000 }), 422, "event-too-large")
      assert.strictEqual((await ask(target, "/v1/Box/h", { token })).status, 404)
      assert.strictEqual((await send("h", "Fill", { count: 50, bytes: 1 })).status, 200)
    })

    it("that fail in user code are 500, without a word of why; past the budget the actor rests", async () => {
      const said = await send("i", "Crash", {}, keyed("i-1"))
      assert.strictEqual(problem(said, 500, "defect")["instance"], "/v1/Box/i/commands/Crash#i-1")
      assert.notInclude(said.text, "secret")
      let last = said
      for (let n = 0; n < 10 && last.status !== 503; n++) last = await send("i", "Crash", {})
      problem(last, 503, "actor-unavailable")
      assert.isAtLeast(Number(last.headers.get("retry-after")), 1)
      assert.strictEqual((await send("i2", "Look", {})).status, 200)
    })

    it("say every issue of a payload by place and rule, never by value", async () => {
      const said = await send("j", "Put", { text: 17_171_717, tags: ["ok", 5], more: "geheim" })
      const { issues } = problem(said, 422, "command-invalid") as { issues?: ReadonlyArray<{ pointer: string }> }
      assert.sameMembers(issues!.map(({ pointer }) => pointer), ["/text", "/tags/1", "/more"])
      assert.notMatch(said.text, /17171717|geheim/)
      for (const body of [[], "x", 1, null].map((one) => JSON.stringify(one))) {
        problem(await send("j", "Put", body), 422, "command-invalid")
      }
    })

    it("carry the caller's trace into the envelope", async () => {
      const trace = "0af7651916cd43dd8448eb211c80319c"
      await send("k", "Put", { text: "x" }, { traceparent: `00-${trace}-b7ad6b7169203331-01` })
      await send("k", "Put", { text: "x" }, { traceparent: "00-nonsense-01" })
      const { events } = JSON.parse((await ask(target, "/v1/Box/k/events", { token })).text)
      const [first, second] = events.map((event: { traceparent: string }) => event.traceparent)
      assert.match(first, new RegExp(`^00-${trace}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`))
      assert.match(second, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    })
  })
}
