/**
 * `nexus dead-letters` over a real file: what is listed, shown, planned and asked for.
 * @module
 */
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { DeadLetters, type Failure, idOf, type Shape } from "../../core/DeadLetters.ts"
import { EventStore } from "../../core/EventStore.ts"
import { append, event, stored, streamOf } from "../../core/laws/fixtures.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { nexus } from "./nexus.ts"

const folder = mkdtempSync(join(tmpdir(), "nexus-letters-"))
const app = ["--app", "tests/operate/wallet.ts"]
const letters = (verb: string, ...args: ReadonlyArray<string>) => nexus("dead-letters", verb, "--data", folder, ...args)
const json = async (verb: string, ...args: ReadonlyArray<string>) => {
  const { code, err, out } = await letters(verb, "--json", ...args)
  assert.strictEqual(code, 0, err)
  return JSON.parse(out)
}
const within = <A>(f: (letters: Shape) => Effect.Effect<A, unknown>) =>
  Effect.runPromise(Effect.provide(Effect.flatMap(DeadLetters, f), Sqlite.layer({ folder })))

const parked = (id: string, at: number, more: Partial<Failure> = {}): Failure => {
  const [stream, consumer] = [more.stream ?? streamOf("t", id, "Wallet"), more.consumer ?? "mailer"]
  return {
    ...{ id: idOf(consumer, stream), kind: "stream", consumer, stream, version: 1, eventId: `e-${id}`, type: "Paid" },
    ...{
      error: "Refused",
      attempts: 6,
      firstAt: Date.UTC(2026, 0, 1),
      lastAt: Date.UTC(2026, 0, 1) + at,
      traceId: "ab",
    },
    ...more,
  }
}
const history: ReadonlyArray<readonly [string, number, string]> = [
  ["Paid", 1, `{"pence":5}`],
  ["Named", 1, `{"owner":"secret"}`],
  ["Paid", 2, `{"pence":"secret"}`],
]

beforeAll(() =>
  Effect.runPromise(
    Effect.gen(function* () {
      const [store, letters] = [yield* EventStore, yield* DeadLetters]
      for (const [i, [type, schemaVersion, payload]] of history.entries()) {
        const one = event(`w-${i + 1}`, { type, schemaVersion, payload })
        yield* stored(store, { ...append(streamOf("t", "w", "Wallet"), i, `c-${i}`), events: [one] })
      }
      yield* letters.put(parked("w", 2_000, { eventId: "w-1" }))
      yield* letters.put(parked("x", 1_000, { consumer: "router", error: "\x1b[2J" + "y".repeat(150) }))
      yield* letters.put(parked("u", 0, { stream: streamOf("u", "u", "Wallet") }))
      for (let i = 0; i < 130; i++) {
        yield* letters.put(parked(`m-${i}`, i, { stream: streamOf("m", `m-${i}`, "Wallet") }))
      }
    }).pipe(Effect.provide(Sqlite.layer({ folder }))),
  )
)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("nexus dead-letters", { timeout: 120_000 }, () => {
  it("lists one tenant's, newest first, by consumer and stream, in pages", async () => {
    const { code, out } = await letters("list", "--tenant", "t")
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(out.trimEnd().split("\n"), [
      "mailer/t/Wallet/w waits at 1 Paid",
      "  Refused",
      "  6 attempts, 2026-01-01T00:00:00.000Z to 2026-01-01T00:00:02.000Z",
      "router/t/Wallet/x waits at 1 Paid",
      `  \\u001b[2J${"y".repeat(150)}`,
      "  6 attempts, 2026-01-01T00:00:00.000Z to 2026-01-01T00:00:01.000Z",
    ])
    const found = async (...args: ReadonlyArray<string>) =>
      (await json("list", ...args)).deadLetters.map(({ id }: { id: string }) => id)
    const [byConsumer, byStream, none, first] = await Promise.all([
      found("--tenant", "t", "--consumer", "router"),
      found("--tenant", "t", "--stream", "Wallet/w"),
      letters("list", "--tenant", "nobody"),
      json("list", "--tenant", "t", "--limit", "1"),
    ])
    assert.deepStrictEqual([byConsumer, byStream], [["router/t/Wallet/x"], ["mailer/t/Wallet/w"]])
    assert.strictEqual(none.out, "no dead letters\n")
    const rest = await json("list", "--tenant", "t", "--cursor", first.cursor)
    assert.deepStrictEqual(rest.deadLetters.map(({ id }: { id: string }) => id), ["router/t/Wallet/x"])
  })

  it("shows one and what its redrive would do, by today's code, without a payload, and changes nothing", async () => {
    const before = await within((all) => all.list("t", {}, undefined, 9))
    const [shown, dry, many] = await Promise.all([
      letters("show", "mailer/t/Wallet/w", ...app),
      json("redrive", "mailer/t/Wallet/w", "--dry-run", ...app),
      letters("redrive", "--tenant", "t", "--all", "--dry-run", ...app),
    ])
    assert.strictEqual(shown.code, 0)
    assert.deepStrictEqual(shown.out.trimEnd().split("\n").slice(3), [
      "  event w-1, trace ab",
      "A redrive would do:",
      "  1 Paid v1",
      "  2 Named v1",
      "  3 Paid v2",
      "    ! the payload does not fit: /pence Expected number",
    ])
    assert.deepStrictEqual([dry.dryRun, dry.redriven, dry.items[0].plan.events.length], [true, 0, 3])
    assert.match(many.out, /nothing would be handled again/)
    assert.match(many.out, /2 dead letters would be redriven; nothing was changed\n$/)
    assert.notMatch(shown.out + many.out + JSON.stringify(dry), /secret/)
    assert.deepStrictEqual(await within((all) => all.list("t", {}, undefined, 9)), before)
  })

  it("asks for the redrive of one, of a filter, or of all where that is said; twice is once", async () => {
    const asked = (consumer: string) => within((all) => all.redriving(consumer, 500))
    const one = await letters("redrive", "mailer/t/Wallet/w")
    assert.deepStrictEqual([one.code, one.out], [0, "asked for the redrive of 1 dead letter\n"])
    const first = await asked("mailer")
    assert.deepStrictEqual(first.map(({ id }) => id), ["mailer/t/Wallet/w"])
    assert.strictEqual((await letters("redrive", "mailer/t/Wallet/w")).out, one.out)
    assert.deepStrictEqual(await asked("mailer"), first)
    assert.match((await letters("list", "--tenant", "t")).out, /waits at 1 Paid \(to be redriven\)/)
    const byConsumer = await json("redrive", "--tenant", "t", "--consumer", "router")
    assert.deepStrictEqual(byConsumer, { dryRun: false, redriven: 1 })
    const all = await letters("redrive", "--tenant", "m", "--all", "--progress")
    assert.strictEqual(all.out, "asked for the redrive of 130 dead letters\n")
    assert.match(all.err, /^redriving 1 dead letters /)
    assert.strictEqual((await asked("mailer")).length, 131)
    assert.isUndefined((await asked("mailer")).find(({ stream }) => stream.tenant === "u"))
  })

  it("says what it was asked wrongly, and what is not there", async () => {
    const said = async (code: number, err: RegExp, verb: string, ...args: ReadonlyArray<string>) => {
      const all = await nexus("dead-letters", verb, ...args)
      assert.deepStrictEqual([all.code, all.out], [code, ""], args.join(" "))
      assert.match(all.err, err)
    }
    const at = ["--data", folder]
    await Promise.all([
      said(2, /--tenant is missing/, "list", ...at),
      said(2, /--cursor is of another list/, "list", "--tenant", "t", "--cursor", "x", ...at),
    ])
    await Promise.all([
      said(2, /or --all alone/, "redrive", "--tenant", "t", ...at),
      said(2, /or --all alone/, "redrive", "--tenant", "t", "--all", "--consumer", "mailer", ...at),
      said(2, /--all does not go with an ID/, "redrive", "mailer/t/Wallet/w", "--all", ...at),
      said(1, /there is no dead letter mailer\/t\/Wallet\/none/, "redrive", "mailer/t/Wallet/none", ...at),
      said(1, /missing\. Name the folder/, "list", "--tenant", "t", "--data", `${folder}/none`),
    ])
  })
})
