/**
 * From parked to redriven or discarded over one file: the shop with a consumer whose mail server is down, the command line beside it,
 * and what docs/dead-letters.md shows of both.
 * @module
 */
import { Effect, Exit, Layer, Logger, ManagedRuntime, Schema, Scope } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { Actors } from "../../core/Actors.ts"
import * as App from "../../core/App.ts"
import { CommandBus } from "../../core/CommandBus.ts"
import * as Consumer from "../../core/Consumer.ts"
import { type Ask, DeadLetters } from "../../core/DeadLetters.ts"
import { EventStore } from "../../core/EventStore.ts"
import { append, event, stored, streamOf } from "../../core/laws/fixtures.ts"
import * as Limits from "../../core/Limits.ts"
import * as PolicyEnforcerMemory from "../../core/PolicyEnforcerMemory.ts"
import * as locked from "../../edge/locked.ts"
import shop from "../../examples/orders/app.ts"
import { Order } from "../../examples/orders/orders/Order.contract.ts"
import * as Embedded from "../../runtime/adapters/sqlite/Embedded.ts"
import { ActorHost } from "../../runtime/ActorHost.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import { Gate } from "../../runtime/Gate.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import * as Workers from "../../runtime/workers/Workers.ts"
import { commandsOf, formOf, marked } from "../docs/blocks.ts"
import { guides } from "../docs/guides.ts"
import { nexus } from "./nexus.ts"

class MailServerRefused extends Schema.TaggedError<MailServerRefused>()("MailServerRefused", {}) {}

const folder = mkdtempSync(join(tmpdir(), "nexus-redrive-"))
const guide = "docs/dead-letters.md"
const mine = "run by: tests/operate/redrive.test.ts"
const hands = { refuses: new Set<string>() }
const sent: Array<string> = []
const currencies: Array<string> = []
const mailer = Consumer.make("mailer", {
  contract: Order,
  events: ["OrderPlaced", "OrderCancelled", "EmailSent"],
  from: "beginning",
  onError: "park",
  handler: (event, { id, version }) =>
    hands.refuses.has(id) || hands.refuses.has(`${id}@${version}`)
      ? Effect.fail(new MailServerRefused())
      : Effect.sync(() => {
        sent.push(`${id}@${version}`)
        if (event._tag === "OrderPlaced") currencies.push(`${id} ${event.currency}`)
      }),
})
const app = App.make("shop", { aggregates: Object.values(shop.aggregates), consumers: [mailer] })
/** As they are but for the waits. */
const limits = Limits.lowered({
  handlerBackoffMs: 2,
  redrivePollMs: 50,
  queueWaitMs: 200,
  hiddenMs: 2_000,
  shardsPollMs: 500,
})

const stores = Layer.mergeAll(Embedded.layer({ folder }), TickTrigger.layerImmediate)
const host = ActorHost.layer(app).pipe(
  Layer.provideMerge(Gate.layer(app)),
  Layer.provideMerge(CachedRegistry.layer),
  Layer.provideMerge(PolicyEnforcerMemory.layerDeniesNothingForTests),
)
const runtime = ManagedRuntime.make(host.pipe(
  Layer.provideMerge(stores),
  Layer.provideMerge(Layer.succeed(Limits.Limits, limits)),
  Layer.provideMerge(Logger.layer([])),
))
/** Router and consumers of one process, as a server on a file has them; started once there is something stored. */
const workers = Workers.layer(app).pipe(Layer.provide(CommandBus.layerActors))
const scope = Effect.runSync(Scope.make())
const work = () => runtime.runPromise(Scope.provide(Layer.build(workers), scope))
const principal = { tenant: "demo", subject: "test", scopes: ["commands:*"] }
const send = (id: string, command: string, payload: unknown) =>
  runtime.runPromise(
    Effect.flatMap(Actors, (actors) => actors.send({ principal, aggregate: "Order", id, command, payload })),
  )
const lines = [{ stockCode: "71053", description: "WHITE METAL LANTERN", quantity: 6, unitPence: 339 }]
const place = (id: string) => send(id, "PlaceOrder", { country: "France", currency: "EUR", lines })
const rows = () =>
  runtime.runPromise(Effect.map(
    Effect.flatMap(DeadLetters, (letters) => letters.list("demo", {}, undefined, 50)),
    ({ items }) => items,
  ))
const until = async (what: string, isSo: () => boolean | Promise<boolean>) => {
  for (let i = 0; i < 1_200; i++) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail(`never: ${what}; sent ${sent.join(" ")}, rows ${JSON.stringify(await rows())}`)
}

/** Ids are other ones each time, and the guide's handler stands elsewhere. */
const form = (text: string) =>
  formOf(
    text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>").replaceAll(
      / at \S+\.ts:\d+:\d+/g,
      " at <place>",
    ),
  )
/** Runs the next block of the guide and holds what it prints to what the guide says. */
const blocks = guides().find(({ path }) => path === guide)!.blocks
let at = 0
const asTheGuideSays = async () => {
  at = blocks.findIndex(({ mark }, index) => index >= at && mark === mine)
  const [block, said] = [blocks[at]!, blocks[at + 1]!]
  assert.strictEqual(marked(said, "prints") ?? said.mark, "prints", `${guide}:${said.line}`)
  const printed: Array<string> = []
  for (const command of commandsOf(block.text)) {
    const words = command.replace("npx -y deno@2.9.5 task nexus ", "").split(" ")
    const { code, err, out } = await nexus(...words.map((word) => word === "./shop" ? folder : word))
    assert.strictEqual(code, 0, `${guide}:${block.line} ${err}`)
    printed.push(out.trimEnd())
  }
  assert.deepStrictEqual(form(printed.join("\n")), form(said.text), `${guide}:${said.line}`)
  at++
}

beforeAll(async () => {
  // Stored by code that knew no currency.
  const payload = JSON.stringify({ country: "France", lines, totalPence: 2034, placedAt: "2026-01-01T00:00:00.000Z" })
  await Effect.runPromise(
    Effect.flatMap(EventStore, (store) => {
      const one = event("old-1", { type: "OrderPlaced", schemaVersion: 1, payload })
      return stored(store, { ...append(streamOf("demo", "old"), 0, "c-old"), events: [one] })
    }).pipe(Effect.provide(Embedded.layer({ folder }))),
  )
  hands.refuses.add("old").add("o-1")
  await runtime.runPromise(locked.prepare(app, undefined, { production: false, writes: true }))
})
afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await runtime.dispose()
  rmSync(folder, { recursive: true, force: true })
})

describe("a consumer whose handler fails", { timeout: 240_000 }, () => {
  it("parks one stream while the others flow; mended and redriven, all of it is done in order", async () => {
    await place("o-1")
    await place("o-2")
    await send("o-2", "CancelOrder", { reason: "changed their mind" })
    await work()
    await until("the others flow", () => sent.includes("o-2@2"))
    await until("parked", async () => (await rows()).length === 2)
    await send("o-1", "CancelOrder", { reason: "too late" })
    assert.deepStrictEqual(sent, ["o-2@1", "o-2@2"])

    // By code that knows version 2.
    hands.refuses.delete("old")
    await runtime.runPromise(
      Effect.flatMap(DeadLetters, (letters) => letters.ask("demo", "mailer/demo/Order/old", "redrive")),
    )
    await until("the old one is done", async () => (await rows()).length === 1)
    assert.deepStrictEqual([sent.at(-1), currencies.at(-1)], ["old@1", "old GBP"])

    const before = await rows()
    for (let i = 0; i < 3; i++) await asTheGuideSays()
    assert.deepStrictEqual(await rows(), before, "a dry run changed something")
    hands.refuses.clear()
    await asTheGuideSays()
    await until("redriven", async () => (await rows()).length === 0)
    await asTheGuideSays()
    assert.deepStrictEqual(sent.splice(0), ["o-2@1", "o-2@2", "old@1", "o-1@1", "o-1@2"])
  })

  it("gives secondary events up by themselves, gets one again by a redrive, and never one that is discarded", async () => {
    await place("o-3")
    await until("placed", () => sent.includes("o-3@1"))
    hands.refuses.add("o-3")
    for (const subject of ["thanks", "again"]) await send("o-3", "RecordEmail", { to: "a@example.org", subject })
    const given = async () =>
      (await rows()).filter(({ kind }) => kind === "message").toSorted((a, b) => a.version - b.version)
    await until("given up", async () => (await given()).length === 2)
    const [row, other] = await given()
    assert.deepInclude(row, { consumer: "mailer", version: 2, type: "EmailSent", attempts: 6 })
    hands.refuses.clear()
    const ask = (id: string, what: Ask) =>
      runtime.runPromise(Effect.flatMap(DeadLetters, (letters) => letters.ask("demo", id, what)))
    await ask(other!.id, "discard")
    await ask(row!.id, "redrive")
    await until("sent", () => sent.includes("o-3@2"))
    await until("nothing left", async () => (await rows()).length === 0)
    assert.notInclude(sent, "o-3@3")
  })

  it("gives one event of a stream up for good, as the guide says, and does the later ones", async () => {
    sent.length = 0
    hands.refuses.add("o-4@1")
    await place("o-4")
    await until("parked", async () => (await rows()).length === 1)
    await send("o-4", "CancelOrder", { reason: "never mind" })
    // Its fence rises while the second event passes by.
    const seen = async () => (await rows()).map(({ fence: _, ...row }) => row)
    const before = await seen()
    await asTheGuideSays()
    assert.deepStrictEqual(await seen(), before, "a dry run changed something")
    await asTheGuideSays()
    await until("discarded", async () => (await rows()).length === 0)
    assert.deepStrictEqual(sent, ["o-4@2"])
  })
})
