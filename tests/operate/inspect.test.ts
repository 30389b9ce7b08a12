/**
 * `nexus inspect` over a real file, and what it shows of secrets.
 * @module
 */
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { EventStore } from "../../core/EventStore.ts"
import { append, event, stored, streamOf } from "../../core/laws/fixtures.ts"
import { changes } from "../../runtime/changes.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { nexus } from "./nexus.ts"

const folder = mkdtempSync(join(tmpdir(), "nexus-inspect-"))
const wallet = (...args: ReadonlyArray<string>) =>
  nexus("inspect", "t/Wallet/w", "--data", folder, "--app", "tests/operate/wallet.ts", ...args)
const json = async (...args: ReadonlyArray<string>) => JSON.parse((await wallet(...args, "--json")).out)

const of = (id: string, events: ReadonlyArray<readonly [type: string, version: number, payload: unknown]>) =>
  Effect.flatMap(EventStore, (store) =>
    Effect.forEach(events, ([type, schemaVersion, payload], i) => {
      const one = event(`${id}-${i}`, { type, schemaVersion, payload: JSON.stringify(payload) })
      return stored(store, { ...append(streamOf("t", id, "Wallet"), i, `c-${i}`), events: [one] })
    }))

beforeAll(() =>
  Effect.runPromise(
    Effect.gen(function* () {
      const paid = Array.from({ length: 60 }, (_, i) => ["Paid", 2, { pence: i, by: `p${i}` }] as const)
      yield* of("w", [["Paid", 1, { pence: 5 }], ["Named", 1, { owner: "secret" }], ...paid, ["Named", 1, {
        owner: "other",
      }]])
      yield* of("broken", [["Paid", 1, { pence: 5 }], ["Lost", 1, { pin: "secret" }], ["Paid", 1, { pence: 5 }]])
      yield* of("odd", [["\x1b[2JPaid", 1, { s: "\x1b[2J\x9b" }]])
    }).pipe(Effect.provide(Sqlite.layer({ folder }))),
  )
)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("nexus inspect", () => {
  it("lets nothing that is stored steer a terminal", async () => {
    const { out } = await nexus("inspect", "t/Wallet/odd", "--data", folder, "--raw", "--show-redacted")
    assert.match(out, /^1 \\u001b\[2JPaid v1 /)
    assert.include(out, `{"s":"\\u001b[2J\\u009b"}`)
  })

  it("shows events with what each changed, a page at a time, without secrets", async () => {
    const { code, out } = await wallet("--limit", "3")
    assert.strictEqual(code, 0)
    assert.notMatch(out, /secret|card of/)
    assert.notInclude(out, "\x1b")
    const lines = out.split("\n")
    assert.match(lines[0]!, /^1 Paid v1 \d{4}-\d\d-\d\dT.*Z c-0 by "alice"$/)
    assert.deepStrictEqual(lines.slice(1, 3), [`  {"pence":5}`, "  ~ /pence 0 → 5"])
    assert.include(lines, `  {"owner":"[redacted]"}`)
    assert.include(lines, `  ~ /_tag "Anonymous" → "Owned"`)
    assert.include(lines, `  + /owner "[redacted]"`)
    assert.include(lines, `  + /payers/0 {"by":"p0","card":"[redacted]"}`)
    assert.include(out, "60 more events: --from 4")
    const last = await json("--from", "63")
    assert.deepStrictEqual([last.head, last.next, last.events.length], [63, undefined, 1])
    // A secret that became another one has changed, and neither is shown.
    const [named] = last.events
    assert.deepInclude(named.changes, { pointer: "/owner", before: "[redacted]", after: "[redacted]" })
  })

  it("shows the state at each version, and in what two differ, secrets only where asked", async () => {
    const state = { _tag: "Owned", pence: 6, owner: "[redacted]" }
    const at = await json("--at", "4")
    assert.deepInclude(at.state, state)
    assert.deepStrictEqual(at.state.payers[1], { by: "p1", card: "[redacted]" })
    const open = await json("--at", "4", "--show-redacted")
    assert.deepInclude(open.state, { ...state, owner: "secret" })
    assert.strictEqual(open.state.payers[1].card, "card of p1")
    assert.deepStrictEqual((await json("--at", "0")).state, { _tag: "Anonymous", pence: 0 })
    const diff = await wallet("--diff", "3..5")
    assert.deepStrictEqual(diff.out.trimEnd().split("\n"), [
      "~ /pence 5 → 8",
      `+ /payers/1 {"by":"p1","card":"[redacted]"}`,
      `+ /payers/2 {"by":"p2","card":"[redacted]"}`,
    ])
    assert.strictEqual((await wallet("--diff", "5..5")).out, "no difference\n")
    assert.match((await wallet("--diff", "5..3")).out, /^~ \/pence 8 → 5\n- \/payers\/1/)
  })

  it("goes on where the state cannot be told, and does without an application", async () => {
    const broken = await nexus(
      "inspect",
      "t/Wallet/broken",
      "--data",
      folder,
      "--app",
      "tests/operate/wallet.ts",
      "--json",
    )
    const { events } = JSON.parse(broken.out)
    assert.deepStrictEqual(events.map((one: { payload: unknown }) => one.payload), [{ pence: 5 }, "[redacted]", {
      pence: 5,
    }])
    assert.match(events[1].problem, /does not know Lost version 1/)
    assert.deepStrictEqual([events[1].changes, events[2].changes], [undefined, undefined])
    const raw = await nexus("inspect", "t/Wallet/broken", "--data", folder, "--raw", "--from", "2")
    assert.match(raw.out, /^2 Lost v1/)
    assert.notMatch(raw.out, /secret/)
    assert.match(
      (await nexus("inspect", "t/Wallet/broken", "--data", folder, "--raw", "--show-redacted")).out,
      /secret/,
    )
  })

  it("says what it was asked wrongly, and what is not there", async () => {
    const said = async (code: number, err: RegExp, ...args: ReadonlyArray<string>) => {
      const all = await nexus("inspect", ...args)
      assert.deepStrictEqual([all.code, all.out], [code, ""], args.join(" "))
      assert.match(all.err, err)
    }
    const at = ["--data", folder, "--app", "tests/operate/wallet.ts"]
    await Promise.all([
      said(2, /STREAM is missing/, ...at),
      said(2, /STREAM is not Tenant\/Aggregate\/id/, "t/Wallet", ...at),
      said(2, /--at is not a whole number/, "t/Wallet/w", "--at", "x", ...at),
      said(2, /--diff is not FROM\.\.TO/, "t/Wallet/w", "--diff", "3", ...at),
      said(1, /holds no event/, "t/Wallet/none", ...at),
      said(1, /has 63 versions, not 64/, "t/Wallet/w", "--at", "64", ...at),
      said(1, /has no aggregate Purse/, "t/Purse/w", ...at),
      said(1, /missing\. Name the folder/, "t/Wallet/w", "--raw", "--data", `${folder}/none`),
    ])
  })
})

describe("changes()", () => {
  it("names the smallest places, with what was there and what is", () => {
    const before = { a: 1, b: [1, { c: 2 }], "x/y~z": null, gone: true, kind: [1] }
    const after = { a: 1, b: [1, { c: 3 }, 4], "x/y~z": 0, kind: { 0: 1 } }
    assert.deepStrictEqual(changes(before, after), [
      { pointer: "/b/1/c", before: 2, after: 3 },
      { pointer: "/b/2", after: 4 },
      { pointer: "/x~1y~0z", before: null, after: 0 },
      { pointer: "/gone", before: true },
      { pointer: "/kind", before: [1], after: { 0: 1 } },
    ])
    assert.deepStrictEqual(changes(before, structuredClone(before)), [])
  })
})
