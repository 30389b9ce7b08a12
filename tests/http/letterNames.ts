/**
 * Dead letters over HTTP that are asked for by a name which nobody has.
 * @module
 */
import { assert, describe, it } from "vitest"
import { idOf } from "../../core/DeadLetters.ts"
import { type Ask, ask, documentOf, everything, problem, promised, routesOf } from "./client.ts"
import type { Open } from "./Target.ts"

export const letterNames = (open: Open): void => {
  describe("dead letters of a name that nobody has", () => {
    it("are refused with the names there are; who has no dead letters is answered that there are none", async () => {
      const target = await open()
      const token = await target.issuer.token("named", everything)
      const document = await documentOf(target)
      await ask(target, "/v1/Box/quiet/commands/Put", { token, body: { text: "x" } })
      const [stream, consumer] = [{ tenant: "named", aggregate: "Box", id: "a" }, "removed"]
      await target.letters((letters) =>
        letters.put({
          ...{
            id: idOf(consumer, stream),
            kind: "stream",
            consumer,
            stream,
            version: 1,
            eventId: "e",
            type: "ItemPut",
          },
          ...{ error: "Refused", attempts: 6, firstAt: 1_000, lastAt: 1_000, traceId: "ab" },
        })
      )
      const call = (method: "GET" | "POST", path: string, options: Ask = {}) =>
        ask(target, `/v1/dead-letters${path}`, { method, ...options, token }).then((said) => {
          const route = `/v1/dead-letters${path.split("?")[0]}`
          promised(document, routesOf(document).find((one) => one.method === method && one.path === route)!, said)
          return said
        })
      const [names, events] = ["Expected one of removed, router", "Expected a stream that holds events"]
      const search = [["consumer=mailr", "consumer", names], ["stream=Bxo/a", "stream", events]] as const
      for (const [text, parameter, rule] of search) {
        const said = problem(await call("GET", `?${text}`), 422, "invalid-query")
        assert.deepStrictEqual([said["parameter"], said["rule"]], [parameter, rule])
      }
      const wrong = [["consumer", "mailr", names], ["stream", "Bxo/a", events], ["stream", "Box/none", events]] as const
      for (const [name, text, rule] of wrong) {
        for (const [path, until] of [["/redrive", {}], ["/discard", { until: 5_000 }]] as const) {
          for (const dryRun of [true, false]) {
            const body = { [name]: text, ...until, dryRun }
            const said = problem(await call("POST", path, { body }), 422, "invalid-filter")
            assert.deepStrictEqual([said["pointer"], said["rule"]], [`/${name}`, rule])
          }
        }
      }
      const redriven = async (body: unknown) => JSON.parse((await call("POST", "/redrive", { body })).text).items
      const none = [{ consumer: "removed", stream: "Box/quiet" }, { consumer: "router" }, { stream: "Box/quiet" }]
      for (const filter of none) assert.isEmpty(await redriven(filter))
      assert.lengthOf(await redriven({ consumer: "removed" }), 1)
      await target.close()
    })
  })
}
