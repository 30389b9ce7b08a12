/**
 * The Worker under the `edge` tests: one SQLite Durable Object in which a test runs code with real storage.
 *
 * It has no routes of its own; tests reach the object through `env.TEST_OBJECT`.
 * @module
 */
import { DurableObject } from "cloudflare:workers"

declare global {
  namespace Cloudflare {
    /** What `wrangler.toml` binds. */
    interface Env {
      readonly TEST_OBJECT: DurableObjectNamespace<TestObject>
    }
  }
}

/** An object without behaviour: tests enter it with `runInDurableObject`. */
export class TestObject extends DurableObject {}

export default {
  fetch: () => new Response("nexus test worker", { status: 404 }),
} satisfies ExportedHandler
