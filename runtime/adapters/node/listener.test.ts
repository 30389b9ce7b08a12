/**
 * The listener over real sockets: heads and bodies that come slowly, never, twice or not at all.
 * @module
 */
import { connect } from "node:net"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { speak } from "../../../tests/http/raw.ts"
import { type Handler, listen, type Listener } from "./listener.ts"

const statuses = { slow: 408, large: 431, malformed: 400, hostless: 400, tunnel: 404 } as const

const readAll = async (request: Parameters<Handler>[0]): Promise<number> => {
  const reader = request.body?.getReader()
  let length = 0
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    length += value!.length
  }
  return length
}

describe("listen()", () => {
  let listener: Listener
  let broken = 0
  beforeAll(async () => {
    const handler: Handler = async (request) => {
      const { pathname } = new URL(request.url)
      if (pathname === "/unread") return new Response("no", { status: 401 })
      if (pathname === "/text") return { status: 201, headers: { "x-text": "yes" }, body: "é€" }
      if (pathname === "/unread-text") return { status: 401, headers: {}, body: null }
      if (pathname === "/throw") throw new Error("handler")
      const length = await readAll(request).catch(() => broken++)
      const headers = Object.fromEntries([["a", request.headers.get("Authorization") ?? ""]])
      return new Response(`${request.method} ${request.url} ${length}`, { headers })
    }
    listener = await listen(handler, {
      hostname: "127.0.0.1",
      port: 0,
      headersTimeoutMs: 300,
      headBytes: 8_192,
      refuse: (what) => new Response(what, { status: statuses[what] }),
    })
  })
  afterAll(() => listener.close(100))
  const say = (...pieces: ReadonlyArray<string>) => speak(listener.port, pieces)
  const post = (path: string, body: string, more = "") =>
    `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n${more}\r\n${body}`

  it("keeps the connection after a body, small or large, in one piece or many", async () => {
    const large = "x".repeat(200_000)
    const twice = await speak(listener.port, [post("/a", large), post("/b", "y")], { gapMs: 100, lingerMs: 300 })
    assert.include(twice.body, "POST http://nexus/a 200000")
    assert.include(twice.body, "POST http://nexus/b 1")
    assert.isFalse(twice.closed)
    const head = "POST /c HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    const chunked = await speak(listener.port, [head, "3\r\nabc\r\n", "2\r\nde\r\n", "0\r\n\r\n"], { gapMs: 20 })
    assert.include(chunked.body, "POST http://nexus/c 5")
  })

  it("closes the connection behind an answer that did not wait for the body", async () => {
    const { body, closed, head, status } = await say(post("/unread", "x".repeat(500_000)))
    assert.deepStrictEqual([status, body, closed], [401, "no", true])
    assert.match(head, /connection: close/i)
  })

  it("writes an answer of text as it writes a Response: its length in bytes, its headers, its end", async () => {
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`
    const text = await speak(listener.port, [get("/text"), get("/after")], { gapMs: 50, lingerMs: 200 })
    assert.match(text.head, /^HTTP\/1.1 201 /)
    assert.match(text.head, /content-length: 5\r\n/i)
    assert.match(text.head, /x-text: yes/i)
    // Whoever counts wrongly has the next answer begin within this one, or never.
    assert.include(text.body, "GET http://nexus/after 0")
    const unread = await say(post("/unread-text", "x".repeat(500_000)))
    assert.deepStrictEqual([unread.status, unread.body, unread.closed], [401, "", true])
  })

  it("refuses a head that is slow, too large or no HTTP, in the words it was given", async () => {
    const started = performance.now()
    const slow = await say("GET / HTTP/1.1\r\nhost: x\r\nx-slow: ")
    assert.deepStrictEqual([slow.status, slow.body, slow.closed], [408, "slow", true])
    assert.isBelow(performance.now() - started, 2_000)
    const large = await say(`GET / HTTP/1.1\r\nhost: x\r\nx-large: ${"x".repeat(20_000)}\r\n\r\n`)
    assert.deepStrictEqual([large.status, large.body], [431, "large"])
    for (const nonsense of ["nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\x00"]) {
      const refused = await say(nonsense)
      assert.deepStrictEqual([refused.status, refused.closed], [400, true], nonsense)
    }
  })

  it("refuses two lengths for one body", async () => {
    const both = await say(
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    )
    assert.deepStrictEqual([both.status, both.closed], [400, true])
    const two = await say("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcde")
    assert.deepStrictEqual([two.status, two.closed], [400, true])
  })

  it("joins a repeated header, the Authorization too", async () => {
    const { head } = await say("GET / HTTP/1.1\r\nhost: x\r\nauthorization: one\r\nAUTHORIZATION: two\r\n\r\n")
    assert.match(head, /^a: one, two$/m)
  })

  it("takes a whole URL for its path, and nothing else of the host", async () => {
    const { body } = await say('GET http://other.test/p?q=1 HTTP/1.1\r\nhost: evil"<>\r\n\r\n')
    assert.include(body, "GET http://nexus/p?q=1 0")
  })

  it("outlives a client that leaves in the middle of a body, and a handler that throws", async () => {
    const before = broken
    await speak(listener.port, ["POST /d HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc"], { msMax: 100 })
    assert.isTrue((await say("GET /throw HTTP/1.1\r\nhost: x\r\n\r\n")).closed)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.strictEqual(broken, before + 1)
    assert.strictEqual((await say("GET / HTTP/1.1\r\nhost: x\r\n\r\n")).status, 200)
  })

  it("rejects an address that is taken", async () => {
    const again = listen(() => new Response(), {
      ...{ hostname: "127.0.0.1", port: listener.port, headersTimeoutMs: 300, headBytes: 8_192 },
      refuse: () => new Response(),
    })
    assert.match(await again.then(() => "listens", String), /EADDRINUSE|AddrInUse/)
  })
})

describe("listen(), asked for a WebSocket that it grants", () => {
  const handshake = [
    ...["GET / HTTP/1.1", "host: x", "connection: Upgrade", "upgrade: websocket", "sec-websocket-version: 13"],
    ...[`sec-websocket-key: ${"A".repeat(22)}==`, "", ""],
  ].join("\r\n")

  it("answers pings, and keeps no heap of pongs for one who never reads", async () => {
    let waiting = () => 0
    const listener = await listen(() => new Response(), {
      ...{ hostname: "127.0.0.1", port: 0, headersTimeoutMs: 300, headBytes: 8_192 },
      refuse: () => new Response(),
      upgrade: {
        ...{ messageBytes: 1_000, pingMs: 60_000 },
        handle: () =>
          Promise.resolve({
            protocol: undefined,
            open: ({ bufferedBytes }) => {
              waiting = bufferedBytes
              return { message: () => {}, closed: () => {} }
            },
          }),
      },
    })
    const socket = connect(listener.port, "127.0.0.1")
    const ping = Uint8Array.from([0x89, 0x80 + 125, 0, 0, 0, 0, ...new Uint8Array(125)])
    const heard = (bytes: number) =>
      new Promise<void>((resolve) => {
        let came = 0
        const hear = (chunk: Uint8Array) => {
          if ((came += chunk.length) < bytes) return
          socket.off("data", hear)
          resolve()
        }
        socket.on("data", hear)
      })
    socket.write(handshake)
    await heard(100)
    socket.write(ping)
    await heard(127)
    socket.pause()
    const many = new Uint8Array(1_000 * ping.length)
    for (let n = 0; n < 1_000; n++) many.set(ping, n * ping.length)
    let most = 0
    for (let n = 0; n < 200; n++) {
      await new Promise<void>((resolve) => socket.write(many, () => resolve()))
      most = Math.max(most, waiting())
    }
    assert.isAtMost(most, 1_100_000)
    socket.destroy()
    await listener.close(100)
  })
})

describe("listen(), asked for a WebSocket that it refuses", () => {
  let listener: Listener
  beforeAll(async () => {
    const refusal = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return new Response("no".repeat(100_000), { status: 401 })
    }
    listener = await listen(() => new Response(), {
      ...{ hostname: "127.0.0.1", port: 0, headersTimeoutMs: 300, headBytes: 8_192 },
      refuse: () => new Response(),
      upgrade: { messageBytes: 1_000, pingMs: 1_000, handle: refusal },
    })
  })
  afterAll(() => listener.close(100))
  const wish = "GET / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n"

  it("outlives a client that resets the connection before, while and after it is answered", async () => {
    // An error of a socket that nobody listens to ends the process: this run.
    await Promise.all(Array.from({ length: 60 }, (_, n) =>
      new Promise<void>((resolve) => {
        const socket = connect(listener.port, "127.0.0.1", () => {
          socket.write(wish)
          setTimeout(() => socket.resetAndDestroy(), n)
        })
        socket.on("error", () => {})
        socket.on("close", () => resolve())
      })))
    assert.strictEqual((await speak(listener.port, [wish])).status, 401)
  })

  it("leaves a client that reads the refusal and keeps its side open", async () => {
    const socket = connect({ port: listener.port, host: "127.0.0.1", allowHalfOpen: true })
    // Whoever still writes learns that nobody is there.
    const drip = setInterval(() => socket.write("x"), 50)
    socket.on("error", () => {})
    socket.resume()
    socket.write(wish)
    await new Promise<void>((resolve) => socket.on("close", () => resolve()))
    clearInterval(drip)
  })
})
