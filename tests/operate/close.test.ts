/**
 * `nexus close` beside a server that runs: the actor that is in its memory learns of it by the fence.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Server, start } from "../../edge/deno.ts"
import boxes from "../http/app.ts"
import { nexus } from "./nexus.ts"

const folder = mkdtempSync(join(tmpdir(), "nexus-close-"))
const close = (...words: ReadonlyArray<string>) => nexus("close", ...words, "--data", folder)

describe("nexus close", () => {
  let server: Server
  let authorization = ""
  beforeAll(async () => {
    server = await start(boxes, { env: { PORT: "0", NEXUS_DATA: folder }, logLevel: "None" })
    const claims = { tenant: "t", subject: "s", ttlSeconds: 600 }
    authorization = `Bearer ${await server.mint!({ ...claims, scope: "commands:* read history" })}`
  }, 60_000)
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const put = async (id: string, key: string) => {
    const headers = { authorization, "content-type": "application/json", "idempotency-key": key }
    const init = { method: "POST", headers, body: '{"text":"x"}' }
    const response = await fetch(`${server.url}/v1/Box/${id}/commands/Put`, init)
    return { status: response.status, text: await response.text() }
  }
  const get = async (path: string) => {
    const response = await fetch(`${server.url}${path}`, { headers: { authorization } })
    return { status: response.status, body: JSON.parse(await response.text()) }
  }

  it("ends a stream whose actor is warm: later commands are 410, repeats are answered, history stays", async () => {
    const first = await put("a", "k-1")
    assert.strictEqual((await put("a", "k-2")).status, 200)
    const shown = await close("t/Box/a", "--dry-run")
    assert.deepStrictEqual([shown.code, shown.out], [
      0,
      "t/Box/a is at version 2 and would be closed; nothing was changed\n",
    ])
    const closed = await close("t/Box/a", "--seen", "2", "--json")
    assert.deepStrictEqual(JSON.parse(closed.out), {
      ...{ tenant: "t", aggregate: "Box", id: "a", version: 3, closed: true, dryRun: false, already: false },
    })
    const late = await put("a", "k-3")
    assert.deepStrictEqual([late.status, JSON.parse(late.text).type], [410, "/problems#stream-closed"])
    assert.deepStrictEqual(await put("a", "k-1"), first)
    const state = await get("/v1/Box/a")
    assert.deepStrictEqual([state.status, state.body.version], [200, 3])
    const { body: { events } } = await get("/v1/Box/a/events")
    assert.deepStrictEqual(events.map(({ type }: { type: string }) => type), ["ItemPut", "ItemPut", "$Tombstone"])
    const again = await close("t/Box/a", "--seen", "any")
    assert.deepStrictEqual([again.code, again.out], [0, "t/Box/a is closed, since version 3\n"])
    // Others go on.
    assert.strictEqual((await put("b", "k-1")).status, 200)
  }, 60_000)

  it("refuses what is not there, has moved or was not looked at, in a sentence", async () => {
    assert.strictEqual((await put("c", "k-1")).status, 200)
    const all = [
      [["t/Box/none", "--seen", "any"], 1, /t\/Box\/none holds no event: there is nothing to close/],
      [["t/Box/none", "--dry-run"], 1, /holds no event/],
      [["t/Box/c", "--seen", "7"], 1, /t\/Box\/c is at version 1, not at 7: .*nothing was closed/],
      [["t/Box/c"], 2, /--seen is missing: the version that --dry-run shows/],
      [["t/Box/c", "--seen", "all"], 2, /--seen is neither a version nor `any`/],
      [["t/Box"], 2, /STREAM is not Tenant\/Aggregate\/id/],
    ] as const
    const said = await Promise.all(all.map(([words]) => close(...words)))
    for (const [i, { code, err, out }] of said.entries()) {
      assert.deepStrictEqual([code, out], [all[i]![1], ""], err)
      assert.match(err, all[i]![2])
    }
    assert.strictEqual((await put("c", "k-2")).status, 200)
  }, 60_000)
})
