import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import * as Limits from "../core/Limits.ts"
import { RegistryUnavailable, SchemaRegistry } from "../core/SchemaRegistry.ts"
import { refuse } from "./refuse.ts"
import type { Call, EdgeRequest } from "./route.ts"
import { routes } from "./schemas.ts"

const down = Effect.fail(new RegistryUnavailable({ retryAfterSeconds: 5, reason: "down" }))
const registry = SchemaRegistry.of({
  ...{ register: () => down, get: () => down, revisions: () => down, subjects: () => down },
  ...{ check: () => down, setMode: () => down },
})
const call = (): Call => ({
  request: new Request("http://nexus/", {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
  }) as EdgeRequest,
  ...{ id: "Order.Placed.v1", part: "1", query: new Map(), commandId: undefined },
  principal: { tenant: "t", subject: "s", scopes: [] },
})

describe("the routes of schemas", () => {
  for (const { handle, method, operation, path } of routes(Limits.defaults)) {
    it(`${method} ${path} says that the registry is down, and when to come again`, async () => {
      const failed = Effect.flip(
        Effect.provideService(handle(call()), SchemaRegistry, registry) as Effect.Effect<unknown>,
      )
      const failure = await Effect.runPromise(failed as unknown as Effect.Effect<RegistryUnavailable>)
      const { body, headers, status } = refuse("/problems#", failure, { path })
      assert.deepStrictEqual([status, headers["retry-after"]], [503, "5"])
      assert.deepInclude(JSON.parse(body!), { type: "/problems#registry-unavailable", reason: "down" })
      assert.include(operation.errors, "RegistryUnavailable")
    })
  }
})
