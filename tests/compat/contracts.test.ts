import { assert, it } from "@effect/vitest"
import { Result } from "effect"
import { Order } from "../../examples/orders/orders/Order.contract.ts"
import * as Compatibility from "../../schemas/Compatibility.ts"
import * as JsonSchemas from "../../schemas/JsonSchemas.ts"
import * as Validator from "../../schemas/Validator.ts"

it("the schemas of a contract can be compared, and version 2 is a version because version 1 cannot be read as it", () => {
  const versions = JsonSchemas.make(Order).events.OrderPlaced.map(JsonSchemas.standalone)
  const [old, candidate] = [versions[0]!, versions[1]!]
  for (const schema of versions) assert.isTrue(Result.isSuccess(Validator.make(schema)))
  const [found, ...more] = Result.getOrThrow(Compatibility.check({
    candidate,
    earlier: [{ revision: 1, schema: old }],
    mode: "BACKWARD_TRANSITIVE",
    subject: "Order.OrderPlaced.v2",
  }))
  assert.deepEqual(more, [])
  assert.deepEqual([found?.pointer, found?.rule], ["/currency", "required-added"])
  assert.match(found?.repair ?? "", /add OrderPlaced v3 with an upcaster\.$/)
  assert.deepEqual(Result.getOrThrow(Validator.make(old))(found?.counterexample), [])
  assert.lengthOf(Result.getOrThrow(Validator.make(candidate))(found?.counterexample), 1)
})
