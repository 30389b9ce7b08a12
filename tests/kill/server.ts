/**
 * The server under the kill and fsync tests: as a user's own entry, registry and policies included, but for the bug of
 * `planted.ts` that its argument names, or with the consumer of `handled.ts`.
 * @module
 */
import { serve } from "../../edge/deno.ts"
import { plant } from "./planted.ts"
import app from "./app.ts"
import { appOf, booked } from "./handled.ts"

await plant(Deno.args[0])
const isBooked = Deno.args[0] === booked
await serve(isBooked ? appOf(Deno.env.get("NEXUS_DATA")!) : app, {
  logLevel: "Warn",
  // The argument is ours, no flag of a server.
  args: [],
  // What a killed process held is taken over soon.
  ...isBooked ? { limits: { leaseMs: 1_500 } } : {},
})
