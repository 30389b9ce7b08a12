import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { first, growing, hashOf } from "./laws/schemas.ts"
import { defaults } from "./Limits.ts"
import * as Registration from "./Registration.ts"
import type { JsonSchema, Revision } from "./SchemaRegistry.ts"

const subject = "Lamp.Lit.v1"
const revision = (revision: number, schema: JsonSchema): Revision => ({
  ...{ subject, revision, schema },
  hash: hashOf(schema),
})

describe("Registration.report()", () => {
  it("does not blame the candidate for a revision that others registered and nobody can compare", () => {
    const remote = { $ref: "https://elsewhere.test/schema" }
    const candidate = Result.getOrThrow(Registration.candidate(subject, growing(1), defaults))
    const report = (mode: "NONE" | "BACKWARD_TRANSITIVE") =>
      Registration.report(candidate, [revision(1, first), revision(2, remote)], mode, defaults)
    const { pointer, rule } = Result.getOrThrow(Result.flip(report("BACKWARD_TRANSITIVE")))
    assert.strictEqual(pointer, "")
    assert.match(rule, /^Revision 2, which is registered, cannot be compared \(\/\$ref .+\): make the next version/)
    assert.isTrue(Result.isSuccess(report("NONE")))
  })
})
