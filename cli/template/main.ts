/**
 * Serves the application: HTTP, actors and the embedded store in one process.
 * @module
 */
import { serve } from "nexus-actors/edge/deno"
import app from "./app.ts"
import { lock } from "./generated/lock.ts"

await serve(app, { lock })
