/**
 * Every limit at its last good value and at the first bad one.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Ask, ask, everything, problem, type Said } from "./client.ts"
import { speak } from "./raw.ts"
import type { Open, Target } from "./Target.ts"

const path = "/v1/Box/a/commands/Put"

export const limits = (open: Open): void => {
  describe("limits", () => {
    let target: Target
    let token: string
    beforeAll(async () => {
      target = await open()
      token = await target.issuer.token("t", everything)
    })
    afterAll(() => target.close())

    const send = (body: unknown, headers: Ask["headers"] = {}) => ask(target, path, { body, headers, token })
    /** A good command of so many bytes. */
    const sized = (bytes: number) => `{"text":"${"x".repeat(bytes - 11)}"}`

    it("a body has 131,072 bytes, and not one more", async () => {
      assert.strictEqual((await send(sized(131_072))).status, 200)
      assert.strictEqual(problem(await send(sized(131_073)), 413, "body-too-large")["maxBytes"], 131_072)
      problem(await send(sized(5_000_000)), 413, "body-too-large")
      // Bytes count, not characters.
      problem(await send(`{"text":"${"é".repeat(65_532)}"}`), 413, "body-too-large")
    })

    it("a body is application/json in UTF-8 without encoding", async () => {
      for (
        const type of [
          "application/json",
          "Application/JSON",
          "application/json; charset=utf-8",
          'application/json;charset="UTF-8"',
        ]
      ) {
        assert.strictEqual((await send('{"text":"x"}', { "content-type": type })).status, 200)
      }
      const others = [
        "text/plain",
        "application/problem+json",
        "application/x-www-form-urlencoded",
        "text/json",
        "application/json5",
      ]
      for (const type of [...others, "application/json; charset=latin1", "multipart/form-data", "*/*"]) {
        problem(await send('{"text":"x"}', { "content-type": type }), 415, "unsupported-media-type")
      }
      for (const encoding of ["gzip", "identity", "br, gzip", "deflate"]) {
        problem(await send('{"text":"x"}', { "content-encoding": encoding }), 415, "unsupported-media-type")
      }
      assert.strictEqual(
        problem(await send(new Uint8Array([34, 255, 34])), 400, "invalid-json")["rule"],
        "Expected UTF-8",
      )
    })

    it("JSON is strict, and a refusal names the place", async () => {
      const nested = (n: number) => `{"text":"x","tags":${"[".repeat(n - 1)}${"]".repeat(n - 1)}}`
      const keys = (n: number) => `{${Array.from({ length: n }, (_, i) => `"k${i}":0`).join()}}`
      const items = (n: number) => `{"text":"x","tags":[${Array.from({ length: n }, () => '"a"').join()}]}`
      // What the reader lets pass, the schema may refuse.
      assert.strictEqual((await send(nested(32))).status, 422)
      assert.strictEqual((await send(keys(1_000))).status, 422)
      assert.strictEqual((await send(items(10_000))).status, 200)
      const bad: ReadonlyArray<[string, string]> = [
        [nested(33), "/tags/0"],
        [keys(1_001), "/k1000"],
        [items(10_001), "/tags/10000"],
        ['{"text":"a","text":"b"}', ""],
        ['{"__proto__":{"text":"x"}}', "/__proto__"],
        ['{"text":"x","constructor":1}', "/constructor"],
        ['{"text":"x","tags":[{"prototype":1}]}', "/tags/0/prototype"],
        ['{"text":"\\ud800"}', "/text"],
        ['{"text":"\\u0000"}', "/text"],
        ['{"text":1e400}', "/text"],
        ['{"text":9007199254740992}', "/text"],
        ['{"text":"x"', ""],
        ['{"text":"x"} {}', ""],
        ["", ""],
        ["nul", ""],
        ["\ufeff{}", ""],
      ]
      for (const [body, pointer] of bad) {
        const { pointer: said } = problem(await send(body), 400, "invalid-json")
        assert.isTrue(String(said).startsWith(pointer), `${String(said)} for ${body.slice(0, 40)}`)
      }
      assert.isUndefined(({} as Record<string, unknown>)["text"])
    })

    it("a command key has 128 characters of its alphabet", async () => {
      const keyed = (key: string) => send('{"text":"x"}', { "idempotency-key": key })
      assert.strictEqual((await keyed("k".repeat(128))).status, 200)
      assert.strictEqual((await keyed("A1._~-z")).status, 200)
      for (const key of ["k".repeat(129), "-a", "a b", "a/b", "a#b", "", "a,b", "ä"]) {
        assert.strictEqual(problem(await keyed(key), 400, "invalid-id")["part"], "Idempotency-Key", key)
      }
    })

    it("path and query have 2,048 bytes", async () => {
      const long = (bytes: number) => `/v1/Box?cursor=${"x".repeat(bytes - 15)}`
      problem(await ask(target, long(2_048), { token }), 422, "invalid-query")
      assert.strictEqual(problem(await ask(target, long(2_049), { token }), 414, "url-too-long")["maxBytes"], 2_048)
      problem(await ask(target, `/${"x".repeat(3_000)}`), 414, "url-too-long")
      problem(await ask(target, `/health/live?${"x".repeat(3_000)}`), 414, "url-too-long")
    })

    it("headers have 16,384 bytes", async () => {
      const padded = (bytes: number) => ask(target, "/health/live", { headers: { "x-pad": "x".repeat(bytes) } })
      // A client adds some of its own; how many bytes is found by trying.
      let good = 15_000
      for (let step = 1_024; step >= 1; step /= 2) {
        while (good < 20_000 && (await padded(good + step)).status === 200) good += step
      }
      assert.isAtMost(good, 16_384 - "x-pad: \r\n".length)
      assert.isAtLeast(good, 16_384 - 400)
      assert.strictEqual(problem(await padded(good + 1), 431, "headers-too-large")["maxBytes"], 16_384)
    })

    /** So many headers of six bytes on the wire, then these; over a socket where there is one, because clients have bounds. */
    const crowded = async (count: number, ...last: ReadonlyArray<readonly [string, string]>): Promise<Said> => {
      const body = '{"text":"x"}'
      const headers = [["authorization", `Bearer ${token}`], ["content-type", "application/json"]]
      for (let n = 0; n < count; n++) headers.push([String.fromCharCode(97 + n % 20), "b"])
      headers.push(...last.map((pair) => [...pair]))
      if (target.port === undefined) {
        const response = await target.fetch(path, { method: "POST", headers: headers as Array<[string, string]>, body })
        return { status: response.status, headers: response.headers, text: await response.text() }
      }
      const lines = [["host", "x"], ["content-length", `${body.length}`], ...headers].map((pair) => pair.join(": "))
      const { body: text, head, status } = await speak(target.port, [
        [`POST ${path} HTTP/1.1`, ...lines, "", body].join("\r\n"),
      ])
      const [, ...came] = head.split("\r\n").map((line) => line.split(": ") as [string, string])
      return { status, headers: new Headers(came), text }
    }

    it("headers have no other bound: whatever stands behind a thousand small ones is seen", async () => {
      for (const count of [997, 998, 1_000, 2_000]) {
        problem(await crowded(count, ["if-match", '"77"']), 412, "version-mismatch")
        problem(await crowded(count, ["content-encoding", "gzip"]), 415, "unsupported-media-type")
        problem(await crowded(count, ["authorization", `Bearer ${token}`]), 401, "unauthorized")
        problem(await crowded(count, ["idempotency-key", "no/key"]), 400, "invalid-id")
        const once = await crowded(count, ["idempotency-key", `crowd-${count}`])
        assert.deepStrictEqual([once.status, JSON.parse(once.text).commandId], [200, `crowd-${count}`])
        assert.strictEqual((await crowded(count, ["idempotency-key", `crowd-${count}`])).text, once.text)
      }
    })

    it("small headers of one name or many are refused together, as one large one is", async () => {
      for (const count of [2_800, 3_200, 5_000, 40_000]) {
        // In this process a request has no lines any more, only the joined values: three bytes each of these.
        const seen = target.port === undefined ? count * 2 : count
        assert.strictEqual(problem(await crowded(seen), 431, "headers-too-large")["maxBytes"], 16_384)
      }
    })

    it("commands have a rate, a principal: others and reads go on", async () => {
      const slow = await open({ commandsPerSecond: 5 })
      try {
        const mint = (tenant: string, sub: string) => slow.issuer.sign({ tenant, sub, scope: everything })
        const [ann, other, elsewhere] = [await mint("t", "ann"), await mint("t", "other"), await mint("u", "ann")]
        const look = (token: string) => ask(slow, "/v1/Box/a/commands/Look", { body: {}, token })
        const burst = await Promise.all(Array.from({ length: 12 }, () => look(ann)))
        const refused = burst.filter(({ status }) => status !== 200)
        assert.isAtLeast(refused.length, 6)
        assert.isAtMost(refused.length, 7)
        for (const said of refused) {
          problem(said, 429, "rate-limited")
          assert.strictEqual(said.headers.get("retry-after"), "1")
        }
        assert.strictEqual((await look(other)).status, 200)
        assert.strictEqual((await look(elsewhere)).status, 200)
        assert.strictEqual((await ask(slow, "/v1/Box", { token: ann })).status, 200)
        await new Promise((resolve) => setTimeout(resolve, 1_050))
        assert.strictEqual((await look(ann)).status, 200)
      } finally {
        await slow.close()
      }
    })

    it("a mailbox has its bound: what is more is refused and not stored", async () => {
      const small = await open({ mailbox: 4 })
      try {
        const token = await small.issuer.token("t", everything)
        const put = () => ask(small, "/v1/Box/a/commands/Put", { body: { text: "x" }, token })
        const all = await Promise.all(Array.from({ length: 40 }, put))
        const full = all.filter(({ status }) => status === 503)
        for (const said of full) problem(said, 503, "mailbox-full")
        const stored = JSON.parse((await ask(small, "/v1/Box/a", { token })).text).version
        assert.strictEqual(stored, all.length - full.length)
      } finally {
        await small.close()
      }
    })
  })
}
