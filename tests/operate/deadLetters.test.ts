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
import { Leases } from "../../core/Leases.ts"
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
    const asked = (consumer: string) => within((all) => all.asked(consumer, 500))
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

  it("asks for the discard of one as it was seen, or of those of a filter until then; nothing of the router's", async () => {
    const asked = async (tenant: string) =>
      (await within((all) => all.list(tenant, {}, undefined, 500))).items.flatMap(({ asked, stream }) =>
        asked === "discard" ? [stream.id] : []
      )
    const dry = await letters("discard", "mailer/t/Wallet/w", "--dry-run", ...app)
    assert.deepStrictEqual(dry.out.trimEnd().split("\n").slice(3), [
      "  1 Paid is given up",
      "  2 Named v1",
      "  3 Paid v2",
      "    ! the payload does not fit: /pence Expected number",
      "1 dead letter would be discarded; nothing was changed",
    ])
    const lost = await json("discard", "mailer/u/Wallet/u", "--dry-run", ...app)
    const givenUp = { version: 1, eventId: "e-u", type: "Paid", isStored: false }
    assert.deepStrictEqual(lost.items[0].plan, { givenUp, events: [], next: null })
    assert.deepStrictEqual([await asked("t"), await asked("u")], [[], []])

    const said = await letters("discard", "mailer/t/Wallet/w", "--seen", "1")
    assert.deepStrictEqual([said.code, said.out], [0, "asked for the discard of 1 dead letter\n"])
    assert.deepStrictEqual(await json("discard", "mailer/t/Wallet/w", "--seen", "1"), {
      dryRun: false,
      discarded: 1,
    })
    assert.deepStrictEqual(await asked("t"), ["w"])
    assert.match((await letters("list", "--tenant", "t")).out, /waits at 1 Paid \(to be discarded\)/)
    const some = ["--tenant", "m", "--consumer", "mailer", "--until", "2026-01-01T00:00:00.009Z"]
    assert.strictEqual((await json("discard", ...some)).discarded, 10)
    assert.deepStrictEqual((await asked("m")).toSorted(), Array.from({ length: 10 }, (_, i) => `m-${i}`))
    const router = ["--tenant", "t", "--consumer", "router", "--until", "2027-01-01T00:00:00Z"]
    assert.strictEqual((await json("discard", ...router)).discarded, 0)
  })

  it("tells a name that nobody has from one that has nothing, and says the names there are", async () => {
    const until = ["--until", "2026-01-01T00:00:00Z"]
    const asks = [["list"], ["redrive"], ["redrive", "--dry-run"], ["discard", ...until], ["discard", "--dry-run"]]
    const orders = ["--app", "examples/orders/app.ts"]
    const all = (...args: ReadonlyArray<string>) =>
      Promise.all(asks.map(([verb = "", ...more]) => letters(verb, "--tenant", "u", ...more, ...orders, ...args)))
    const names = "checkout, goods-short, mailer, news, order-paid, refund, reservation, router"
    for (const { code, err, out } of await all("--consumer", "mailr")) {
      assert.deepStrictEqual([code, out, err], [2, "", `nexus: there is no consumer mailr: there are ${names}\n`])
    }
    for (const { code, err, out } of await all("--stream", "Walet/u")) {
      assert.deepStrictEqual([code, out, err], [2, "", "nexus: there is no stream u/Walet/u\n"])
    }
    const begun = Effect.flatMap(Leases, (leases) => leases.take("begun/start", "p", undefined))
    await Effect.runPromise(Effect.provide(begun, Sqlite.layer({ folder })))
    for (const [tenant, consumer] of [["u", "router"], ["u", "begun"], ["nobody", "news"]] as const) {
      const said = await letters("redrive", "--tenant", tenant, "--consumer", consumer, ...orders)
      assert.deepStrictEqual([said.code, said.out], [0, "asked for the redrive of 0 dead letters\n"], said.err)
    }
    const without = await letters("redrive", "--tenant", "u", "--consumer", "mailr")
    assert.deepStrictEqual([without.code, without.out], [2, ""])
    assert.match(without.err, /there are mailer, router, and those of the application: there is no \.\/app\.ts/)
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
      said(1, /stands at version 1 now/, "discard", "mailer/t/Wallet/w", "--seen", "2", ...at),
      said(1, /it is the router's/, "discard", "router/t/Wallet/x", "--seen", "1", ...at),
      said(1, /there is no dead letter/, "discard", "mailer/t/Wallet/none", "--seen", "1", ...at),
      said(2, /--seen is missing/, "discard", "mailer/t/Wallet/w", ...at),
      said(2, /--seen is not a version/, "discard", "mailer/t/Wallet/w", "--seen", "one", ...at),
      said(2, /--until does not go with an ID/, "discard", "mailer/t/Wallet/w", "--until", "x", ...at),
      said(2, /--seen goes only with an ID/, "discard", "--tenant", "t", "--seen", "1", ...at),
      said(2, /--until is missing/, "discard", "--tenant", "t", "--consumer", "mailer", ...at),
      said(2, /--until is not a time/, "discard", "--tenant", "t", "--consumer", "mailer", "--until", "now", ...at),
      said(2, /or --consumer, --stream or both/, "discard", "--tenant", "t", "--until", "x", ...at),
    ])
    await Promise.all([
      said(1, /there is no dead letter mailer\/t\/Wallet\/none/, "redrive", "mailer/t/Wallet/none", ...at),
      said(1, /missing\. Name the folder/, "list", "--tenant", "t", "--data", `${folder}/none`),
    ])
  })
})
