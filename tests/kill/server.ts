/**
 * The server under the kill and fsync tests: as a user's own entry, registry and policies included, but for the bug of
 * `planted.ts` that its argument names.
 * @module
 */
import { serve } from "../../edge/deno.ts"
import { plant } from "./planted.ts"
import app from "./app.ts"

plant(Deno.args[0])
await serve(app, { logLevel: "Warn" })
