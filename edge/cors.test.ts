/**
 * Which pages may call: those of the allowed origins, and no other.
 * @module
 */
import { assert, describe, it } from "vitest"
import { allow } from "./cors.ts"

const shop = "https://shop.example"
const asked: Array<string> = []
const call = allow([shop], ({ method }) => {
  asked.push(method)
  return new Response("answer", { status: 409, headers: { etag: '"1"' } })
})
const ask = (method: string, headers: Record<string, string>) => {
  asked.length = 0
  return call(new Request("http://nexus/v1/Box/a", { method, headers }) as never)
}
const preflight = { "access-control-request-method": "POST" }

describe("allow()", () => {
  it("answers the preflight of an allowed origin by itself", async () => {
    const { headers, status } = await ask("OPTIONS", { origin: shop, ...preflight })
    assert.deepStrictEqual([status, asked.length], [204, 0])
    assert.strictEqual(headers.get("access-control-allow-origin"), shop)
    for (const name of ["authorization", "content-type", "idempotency-key", "if-match", "if-none-match"]) {
      assert.include(headers.get("access-control-allow-headers")!.split(", "), name)
    }
    assert.strictEqual(headers.get("access-control-allow-methods"), "GET, POST")
    assert.isNull(headers.get("access-control-allow-credentials"))
  })

  it("makes every answer to it readable, refusals too", async () => {
    const { headers, status } = await ask("POST", { origin: shop })
    assert.deepStrictEqual([status, asked], [409, ["POST"]])
    assert.strictEqual(headers.get("access-control-allow-origin"), shop)
    assert.strictEqual(headers.get("access-control-expose-headers"), "etag, retry-after")
    assert.strictEqual(headers.get("vary"), "origin")
  })

  it("tells pages of any other origin, and callers that are no pages, nothing", async () => {
    for (
      const origin of ["https://shop.example.evil.test", "http://shop.example", "null", "https://SHOP.example", ""]
    ) {
      for (const method of ["OPTIONS", "POST"]) {
        const { headers } = await ask(method, { origin, ...method === "OPTIONS" ? preflight : {} })
        assert.deepStrictEqual(asked, [method])
        assert.isFalse([...headers.keys()].some((name) => name.startsWith("access-control")), origin)
        assert.strictEqual(headers.get("vary"), "origin")
      }
    }
  })
})
