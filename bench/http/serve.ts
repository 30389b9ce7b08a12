/**
 * The process of a server: `serve.ts <server> <folder> [principals]`; says where it listens, and stops when its input ends.
 * @module
 */
import { say } from "./Process.ts"
import { servers } from "./servers.ts"

const [name = "", folder = "", principals = "0"] = Deno.args
const { headers, stop, token, url } = await servers[name]!(folder)
const subjects = Array.from({ length: Number(principals) }, (_, n) => `listener-${n}`)
say({ url, headers, tokens: token === undefined ? [] : await Promise.all(subjects.map(token)) })
for await (const _ of Deno.stdin.readable);
await stop()
Deno.exit(0)
