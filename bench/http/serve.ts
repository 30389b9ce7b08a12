/**
 * The process of a server: `serve.ts <server> <folder>`; says where it listens, and stops when its input ends.
 * @module
 */
import { say } from "./Process.ts"
import { servers } from "./servers.ts"

const [name = "", folder = ""] = Deno.args
const { headers, stop, url } = await servers[name]!(folder)
say({ url, headers })
for await (const _ of Deno.stdin.readable);
await stop()
Deno.exit(0)
