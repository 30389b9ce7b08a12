import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { digest } from "../../../core/Fingerprint.ts"
import { sha256 } from "./sha256.ts"

it.effect.prop(
  "sha256() says of every text what the portable digest says",
  { text: Schema.String, times: Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum: 600 }))) },
  ({ text, times }) => Effect.sync(() => assert.strictEqual(sha256(text.repeat(times)), digest(text.repeat(times)))),
  { arbitrary: { runs: 300 } },
)
it("sha256() agrees with the standard's example", () =>
  assert.strictEqual(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
