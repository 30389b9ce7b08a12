/**
 * Commands against a scripted server, on a clock of the test's own.
 * @module
 */
import { assert, describe, it } from "vitest"
import type { Box } from "../../tests/http/app.ts"
import { connectOn } from "./connect.ts"
import { NexusError } from "./NexusError.ts"
import { good, open, receipt, refusal, transient } from "../../tests/client/open.ts"
import { answer, chance, make, problem } from "../../tests/client/platform.ts"

describe("a command", () => {
  it("is one POST with key, token and payload, and resolves with the receipt", async () => {
    const { asked, put } = open([good])
    assert.deepStrictEqual(await put({ commandId: "c-1", ifMatch: 3, notAfter: 1_700_000_000_000 }), {
      ok: true,
      ...receipt,
    } as never)
    assert.lengthOf(asked, 1)
    const [{ body, headers, method, url }] = asked as [typeof asked[number]]
    assert.deepStrictEqual([method, url, body], [
      ...["POST", "https://n.example/a/v1/Box/b-1/commands/Put", '{"text":"x"}'],
    ])
    assert.deepStrictEqual(headers, {
      ...{ "authorization": "Bearer t", "content-type": "application/json", "idempotency-key": "c-1" },
      ...{ "if-match": '"3"', "nexus-not-after": "1700000000000" },
    })
  })

  it("has a key of its own where none is given, in order of time", async () => {
    const { asked, platform, put } = open([good])
    await put()
    await platform.pass(5)
    await put()
    const [one, two] = asked.map(({ headers }) => headers["idempotency-key"]!)
    assert.match(one!, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.isBelow(one!.localeCompare(two!), 0)
  })

  it("resolves with the rejection by which the application refuses it, whatever its status", async () => {
    for (const status of [401, 404, 409, 422, 429]) {
      const refused = problem(status, "full", { rejection: "Full", items: 100 }, { "retry-after": "1" })
      const { asked, put } = open([refused], { token: () => "t" })
      assert.deepStrictEqual(await put({ commandId: "c-1" }), {
        ...{ ok: false, commandId: "c-1", rejection: { _tag: "Full", items: 100 } },
      } as never)
      assert.lengthOf(asked, 1)
    }
  })

  it("is repeated with the same key and bytes after whatever may do better by itself", async () => {
    for (const move of transient) {
      const { asked, put } = open([move, move, good])
      assert.isTrue((await put()).ok)
      assert.lengthOf(asked, 3)
      const sent = asked.map(({ body, headers }) => JSON.stringify([body, headers]))
      assert.strictEqual(new Set(sent).size, 1)
    }
  })

  it("is never repeated after any other refusal, which is thrown with all it says", async () => {
    const others = [400, 403, 404, 405, 408, 409, 410, 412, 413, 414, 415, 422, 431]
    for (const [status, slug] of [...others.map((status) => [status, "x"] as const), [500, "defect"] as const]) {
      const { asked, put } = open([problem(status, slug, { version: 7 }), good])
      const error = await refusal(put({ commandId: "c-1" }))
      assert.deepInclude(error, { type: slug, status, detail: "d", commandId: "c-1", members: { version: 7 } })
      assert.lengthOf(asked, 1)
    }
    const { asked, put } = open([{ status: 418, body: "<html>" }, good])
    assert.deepInclude(await refusal(put()), { type: "unexpected-answer", status: 418 })
    assert.lengthOf(asked, 1)
  })

  it("waits as long as Retry-After asks, in seconds or as a date", async () => {
    const date = (platform: { now: () => number }, seconds: number) =>
      new Date(platform.now() + seconds * 1_000).toUTCString()
    for (const seconds of [1, 20]) {
      for (const as of ["seconds", "date"]) {
        const { asked, platform, put } = open([good])
        const after = as === "seconds" ? String(seconds) : date(platform, seconds)
        const moves = [problem(503, "unavailable", {}, { "retry-after": after }), good]
        Object.assign(platform, {
          fetch: () => {
            asked.push({ atMs: platform.now() } as never)
            return answer(moves[asked.length - 1]!)
          },
        })
        await put()
        assert.isAtLeast(asked[1]!.atMs - asked[0]!.atMs, seconds * 1_000)
        assert.isAtMost(asked[1]!.atMs - asked[0]!.atMs, seconds * 1_000 + 100)
      }
    }
  })

  it("backs off, less up to a half by chance, and ends after the last attempt", async () => {
    const { asked, put } = open([problem(503, "mailbox-full")])
    const error = await refusal(put({ commandId: "c-1" }))
    assert.deepInclude(error, { type: "mailbox-full", status: 503, commandId: "c-1" })
    assert.lengthOf(asked, 8)
    const waits = asked.slice(1).map(({ atMs }, index) => atMs - asked[index]!.atMs)
    waits.forEach((ms, index) => {
      const full = Math.min(5_000, 100 * 2 ** index)
      assert.isTrue(ms > full / 2 && ms <= full, `${ms} of ${full}`)
    })
    assert.isTrue(waits.some((ms, index) => ms < 0.9 * Math.min(5_000, 100 * 2 ** index)))
  })

  it("ends within its total time: at once where Retry-After leads beyond it", async () => {
    const late = open([problem(429, "rate-limited", {}, { "retry-after": "3600" }), good])
    assert.deepInclude(await refusal(late.put()), { type: "rate-limited", status: 429, retryAfterSeconds: 3_600 })
    assert.lengthOf(late.asked, 1)
    const hanging = open(["hang"])
    const began = hanging.platform.now()
    await refusal(hanging.put())
    assert.isAtMost(hanging.platform.now() - began, 90_000)
    assert.lengthOf(hanging.asked, 3)
  })

  it("whose outcome stays unknown names the command id to repeat it with", async () => {
    for (
      const move of ["cut", "hang", "garbled", problem(503, "outcome-unknown"), { status: 503 }, {
        status: 524,
      }] as const
    ) {
      const { put } = open([move])
      const error = await refusal(put({ commandId: "c-1" }))
      assert.deepInclude(error, { type: "outcome-unknown", commandId: "c-1" })
      assert.match(error.detail, /c-1/)
    }
    const { asked, put } = open(["cut"])
    assert.strictEqual((await refusal(put())).commandId, asked[0]!.headers["idempotency-key"])
  })

  it("stays unknown after refusals that did not look for its receipt, and no longer after those that did", async () => {
    for (const last of [problem(403, "forbidden"), problem(429, "rate-limited"), problem(503, "mailbox-full")]) {
      const error = await refusal(open(["cut", last]).put())
      assert.strictEqual(error.type, "outcome-unknown")
      assert.instanceOf(error.cause, NexusError)
    }
    for (const [status, slug] of [[412, "version-mismatch"], [422, "expired"], [410, "stream-closed"]] as const) {
      assert.strictEqual((await refusal(open(["cut", problem(status, slug)]).put())).type, slug)
    }
    const rejected = await open(["cut", problem(409, "full", { rejection: "Full", items: 1 })]).put()
    assert.isFalse(rejected.ok)
  })

  it("is stored once however often it is cut off, before or behind its commit", async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = chance(seed)
      const stored = new Map<string, object>()
      let attempts = 0
      const platform = make({
        seed,
        fetch: (_url, init) => {
          const key = (init.headers as Record<string, string>)["idempotency-key"]!
          attempts++
          const move = transient[Math.floor(random() * transient.length * 1.5)]
          if (move !== undefined && random() < 0.5) return answer(move)
          if (!stored.has(key)) stored.set(key, { ...receipt, commandId: key, position: `${stored.size}` })
          return answer(move ?? { status: 200, body: stored.get(key) })
        },
      })
      const client = connectOn<{ Box: typeof Box }>(platform, { url: "https://n", token: "t" })
      const outcome = await platform.settle(client.Box("b-1").Put({ text: "x" })).catch((error: unknown) => error)
      assert.isAtMost(stored.size, 1)
      assert.isAtMost(attempts, 8)
      if (outcome instanceof NexusError) {
        // Said to be unknown, or not stored indeed.
        assert.isTrue(outcome.type === "outcome-unknown" || stored.size === 0, `seed ${seed}: ${outcome.message}`)
      } else assert.deepInclude(outcome as object, { ok: true, position: "0" })
    }
  })
})
