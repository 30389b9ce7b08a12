/**
 * The client in a real Chromium against the running server, from a page of another origin under a strict policy.
 *
 * Without a browser all but the bundle is skipped, in CI it fails. The last line is the count of checks as JSON.
 * @module
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { ConnectOptions } from "../../edge/client/client.ts"
import { bundle } from "../client/bundle.ts"
import * as Cutter from "../client/Cutter.ts"
import * as Running from "../client/Running.ts"
import * as Checks from "../kill/checks.ts"
import * as Chromium from "./chromium.ts"
import type { conversations } from "./page.ts"

type Conversations = typeof conversations

const { check, finish } = Checks.make()
const equal = (name: string, found: unknown, wanted: unknown): void => {
  const [a, b] = [found, wanted].map((value) => JSON.stringify(value))
  check(name, a === b ? [] : [`expected ${b}`, `found    ${a}`])
}
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1)

const script = await bundle("tests/browser/page.ts")
check("the page's script bundles", script.includes("nexus.bearer") ? [] : ["the client is not inside"])

if (Chromium.missing !== undefined) {
  console.log(`SKIPPED  the client was tried in no browser: ${Chromium.missing}`)
  finish(1)
}
const browser = await Chromium.open()

/** Serves the page; nothing may come from elsewhere, nothing is evaluated, only calls go out. */
const serve = async () => {
  const policy = "default-src 'none'; script-src 'self'; connect-src http: ws:"
  const server = createServer(({ url }, response) => {
    const isScript = url === "/page.js"
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8")
    response.setHeader("content-security-policy", policy)
    response.end(isScript ? script : `<!doctype html><title>page</title><script type="module" src="/page.js"></script>`)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}

const pages = await serve()
const server = await Running.open({}, { NEXUS_ORIGINS: `http://127.0.0.1:${pages.port}` })
const slow = await Running.open({ commandsPerSecond: 5 }, { NEXUS_ORIGINS: `http://127.0.0.1:${pages.port}` })
const wire = await Cutter.open(server.url)
try {
  const token = await server.issuer.token("t", "commands:* read history stream")
  const faults: Array<string> = []
  const open = async (host: string) => {
    const page = await browser.newPage()
    page.on("pageerror", (error) => faults.push(String(error)))
    await page.goto(`http://${host}:${pages.port}/`)
    const has = "globalThis.conversations !== undefined"
    await page.waitForFunction(has)
    /** Runs one in the page; the values go there and come back as JSON. */
    const talk = <K extends keyof Conversations>(name: K, ...said: Parameters<Conversations[K]>) =>
      page.evaluate(`conversations.${name}(...${JSON.stringify(said)})`) as ReturnType<Conversations[K]>
    return talk
  }
  const talk = await open("127.0.0.1")
  const at = (url: string): ConnectOptions => ({ url, token })

  const { again, first, rejected, stale, state } = await talk("commands", at(server.url), "b-1")
  equal("a command is accepted", [first.ok, first.ok && first.version], [true, 1])
  equal("its repeat has the same answer", again, first)
  equal("a rejection is a value", rejected, { _tag: "WrongCode", tries: 1 })
  equal("another refusal is thrown with its members", { ...stale as object, commandId: "" }, {
    ...{ type: "version-mismatch", status: 412, commandId: "", members: { version: 1 } },
  })
  equal("a state is read", state?.state, { items: 1 })
  equal("a refused token is renewed, over HTTP and over the socket", await talk("renewed", at(server.url), "b-2"), {
    ...{ ok: true, version: 1 },
  })
  const limited = await talk("limited", { url: slow.url, token: await slow.issuer.token("t", "commands:*") })
  const waits = limited.flatMap((error) => (error as { readonly retryAfterSeconds?: number } | undefined) ?? [])
  equal("Retry-After is readable", [waits.length > 0, waits.every((one) => one.retryAfterSeconds === 1)], [true, true])

  // A cut every so often and a restart in the middle: answers and frames are lost, nothing else. A box holds 100.
  const count = 90
  const talking = talk("live", at(wire.url), "l-1", count)
  let [over, cuts] = [false, 0]
  const done = () => over = true
  talking.then(done, done)
  while (!over && cuts < 8) {
    await new Promise((resolve) => setTimeout(resolve, 60 + Math.random() * 120))
    if (++cuts === 4) await server.restart()
    else wire.cut()
  }
  const { fed, heard, written } = await talking
  console.log(`        ${count} commands over ${cuts} cuts, a restart among them`)
  equal("commands are stored once over cuts and a restart", written, upTo(count))
  equal("live events of an instance come once and in order", heard, upTo(count))
  equal("live events by position come once and in order", fed, upTo(count))

  const stranger = await open("localhost")
  const refused = await stranger("denied", at(server.url)) as ReadonlyArray<{ readonly type: string }>
  equal("a page of another origin is kept out", refused.map(({ type }) => type), ["no-answer", "unreachable"])
  check("no page broke its policy or threw", faults)
} catch (error) {
  check("the conversations come to their ends", [String(error)])
} finally {
  await browser.close()
  wire.close()
  pages.close()
  await Promise.all([server.close(), slow.close()])
}
finish()
