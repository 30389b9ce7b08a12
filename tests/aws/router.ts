/**
 * A router as a process of its own: `router.ts <url of DynamoDB> <url of Kinesis> <prefix>`. It says `ready` and routes
 * until it is killed.
 * @module
 */
import { Effect } from "effect"
import { argv } from "node:process"
import { router } from "./routing.ts"

const [, , dynamodb = "", kinesis = "", prefix = ""] = argv
await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
  yield* router({ dynamodb, kinesis, prefix })
  console.log("ready")
  yield* Effect.never
})))
