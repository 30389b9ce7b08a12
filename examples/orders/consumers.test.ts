import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { start } from "nexus-actors/edge/deno"
import app from "./app.ts"

const folder = mkdtempSync(join(tmpdir(), "nexus-consumers-test-"))
let server: Awaited<ReturnType<typeof start>>
let authorization = ""
beforeAll(async () => {
  server = await start(app, { env: { PORT: "0", NEXUS_DATA: folder }, logLevel: "Error" })
  authorization = `Bearer ${await server.mint!({
    tenant: "t",
    subject: "s",
    scope: "commands:* read",
    ttlSeconds: 600,
  })}`
}, 60_000)
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

interface Answer {
  readonly state?: { readonly _tag?: string; readonly status?: string; readonly left?: unknown; leftPence?: number }
  readonly instances?: ReadonlyArray<{ readonly id: string }>
}
const read = async (path: string): Promise<Answer> =>
  await (await fetch(`${server.url}/v1/${path}`, { headers: { authorization } })).json() as Answer
const command = async (path: string, body: object) => {
  const headers = { authorization, "content-type": "application/json" }
  const answer = await fetch(`${server.url}/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) })
  assert.strictEqual(answer.status, 200, await answer.text())
}
/** Asks until it is so; the test's own time is the bound. */
const until = async (path: string, isSo: (answer: Answer) => boolean): Promise<Answer> => {
  for (;;) {
    const answer = await read(path)
    if (isSo(answer)) return answer
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const mug = { stockCode: "a b", description: "MUG", unitPence: 300 }
const checkOut = async (cart: string, quantity: number) => {
  const before = (await read("Order")).instances?.map(({ id }) => id) ?? []
  await command(`Cart/${cart}/commands/AddItem`, { ...mug, quantity })
  await command(`Cart/${cart}/commands/Checkout`, {})
  const orders = await until("Order", ({ instances }) => (instances?.length ?? 0) > before.length)
  return orders.instances!.map(({ id }) => id).find((id) => !before.includes(id))!
}

describe("the shop's services, by their events alone", () => {
  it(
    "place, pay and keep what is in a cart, tell the customer, and give all back when the order is cancelled",
    async () => {
      await command("StockItem/a0b/commands/ReceiveGoods", { quantity: 10 })
      const order = await checkOut("c-1", 6)
      await until("StockItem/a0b", ({ state }) => state?.left === 4)
      assert.strictEqual((await read(`Order/${order}`)).state?.status, "paid")
      assert.strictEqual((await read(`Payment/${order}`)).state?.leftPence, 1_800)
      await until("Message", ({ instances }) => instances?.length === 1)

      await command(`Order/${order}/commands/CancelOrder`, { reason: "changed my mind" })
      await until("StockItem/a0b", ({ state }) => state?.left === 10)
      await until(`Payment/${order}`, ({ state }) => state?.leftPence === 0)
    },
    60_000,
  )

  it("cancel an order whose goods are short, and give its money back", async () => {
    const order = await checkOut("c-2", 50)
    await until(`Order/${order}`, ({ state }) => state?.status === "cancelled")
    await until(`Payment/${order}`, ({ state }) => state?.leftPence === 0)
    assert.strictEqual((await read("StockItem/a0b")).state?.left, 10)
  }, 60_000)
})
