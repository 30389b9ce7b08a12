/**
 * A server process for the tests: the boxes, as a user would serve them.
 * @module
 */
import { serve } from "../../edge/deno.ts"
import app from "./app.ts"

await serve(app)
