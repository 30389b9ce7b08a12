import { assert, it } from "vitest"
import { failedOf } from "../aws/Failed.ts"
import { reasonOf } from "./faults.ts"

it("reasonOf() tells operators what is to be mended: address, table, permission or keys", () => {
  const said = (name: string, httpStatusCode = 400) =>
    reasonOf(failedOf(Object.assign(new Error("m"), { name, $metadata: { httpStatusCode } })))
  assert.strictEqual(said("ResourceNotFoundException"), "table-missing")
  assert.strictEqual(said("AccessDeniedException"), "not-let-in")
  assert.strictEqual(said("ProvisionedThroughputExceededException"), "throttled")
  assert.strictEqual(said("InternalServerError", 500), "unanswered")
  assert.strictEqual(reasonOf(failedOf(Object.assign(new Error("m"), { code: "ECONNREFUSED" }))), "refused")
  // Nothing left this process: the address is not at fault.
  const keyless = Object.assign(new Error("Could not load credentials from any providers"), {
    name: "CredentialsProviderError",
  })
  assert.strictEqual(reasonOf(failedOf(keyless)), "no-credentials")
})
