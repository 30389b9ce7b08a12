/**
 * Serves the shop: `deno task run`.
 * @module
 */
import { serve } from "nexus-actors/edge/deno"
import app from "./app.ts"
import { lock } from "./generated/lock.ts"

await serve(app, { lock })
