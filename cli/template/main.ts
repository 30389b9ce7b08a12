/**
 * Serves the application: HTTP, actors and the embedded store in one process.
 * @module
 */
import { serve } from "nexus-actors/edge/deno"
import app from "./app.ts"

await serve(app)
