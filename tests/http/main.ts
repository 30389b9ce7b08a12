/**
 * A server process for the tests: the boxes, as a user would serve them.
 * @module
 */
import * as Declared from "../../core/Declared.ts"
import * as LockCheck from "../../core/LockCheck.ts"
import { serve } from "../../edge/deno.ts"
import app from "./app.ts"

await serve(app, {
  lock: LockCheck.settled({ revisions: [], folds: [] }, Declared.make(app), LockCheck.foldsOf(app)),
})
