/**
 * The bundled client in plain Node, as it is installed: HTTP and, with the socket of the package `ws`, live events.
 * @module
 */
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { assert, it } from "vitest"
import { bundle, client } from "./bundle.ts"
import * as Running from "./Running.ts"

const script = (ws: string) => `
import { connect, NexusError } from "./client.mjs"
import { WebSocket } from "${ws}"
const [url, token] = process.argv.slice(2)
delete globalThis.WebSocket
const none = await connect({ url, token }).live().next().catch((error) => error)
const shop = connect({ url, token, webSocket: WebSocket })
const put = await shop.Box("b-1").Put({ text: "x" })
const locked = await shop.Box("b-1").Unlock({ code: "y" })
const live = shop.Box.live({ ids: { "b-1": 0 } })
const { value } = await live.next()
live.close()
console.log(JSON.stringify({
  node: process.version,
  none: none instanceof NexusError && none.type,
  put: put.version,
  locked: locked.rejection,
  live: value.type,
  state: (await shop.Box("b-1").state()).state,
}))
`

it("the client runs in plain Node, and lets the process end", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nexus-node-"))
  const server = await Running.open()
  try {
    writeFileSync(join(folder, "client.mjs"), await bundle(client))
    const ws = pathToFileURL("node_modules/ws/wrapper.mjs")
    writeFileSync(join(folder, "main.mjs"), script(ws.href))
    const token = await server.issuer.token("t", "commands:* read stream")
    const { stdout } = await promisify(execFile)("node", [join(folder, "main.mjs"), server.url, token], {
      timeout: 25_000,
    })
    const { node, ...said } = JSON.parse(stdout) as { readonly node: string }
    console.log(`the client ran in Node ${node}`)
    assert.deepStrictEqual(said, {
      ...{
        none: "no-web-socket",
        put: 1,
        locked: { _tag: "WrongCode", tries: 1 },
        live: "ItemPut",
        state: { items: 1 },
      },
    } as never)
  } finally {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}, 60_000)
