import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { cases, policy } from "../core/laws/decisions.ts"
import { defaults } from "../core/Limits.ts"
import { PolicyUnavailable } from "../core/PolicyEnforcer.ts"
import * as ViolationsMemory from "../core/ViolationsMemory.ts"
import * as Enforcer from "./Enforcer.ts"
import * as RemoteEngine from "./RemoteEngine.ts"

const { input } = cases[0]!
type Answer = (response: ServerResponse, request: IncomingMessage, body: string) => void

/** A server on loopback that answers as told; ends with the scope, connections included. */
const serve = (answer: Answer) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const sockets = new Set<Socket>()
        const server = createServer((request, response) => {
          let body = ""
          request.on("data", (chunk) => body += chunk)
          request.on("end", () => answer(response, request, body))
        })
        server.on("connection", (socket) => {
          sockets.add(socket)
          socket.on("error", () => {})
          socket.on("close", () => sockets.delete(socket))
        })
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
        return { server, sockets }
      }),
      ({ server, sockets }) =>
        Effect.promise(() => {
          for (const socket of sockets) socket.destroy()
          return new Promise((resolve) => server.close(resolve))
        }),
    ),
    ({ server }) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  )

/** Generous in time: a busy machine must not turn an answer into a late one. */
const patient = { ...defaults, remoteDecisionMs: 20_000 }
const json = (body: string, status = 200): Answer => (response) => {
  response.writeHead(status, { "content-type": "application/json" })
  response.end(body)
}
const decided = (answer: Answer, limits: RemoteEngine.RemoteLimits = patient) =>
  Effect.scoped(Effect.gen(function* () {
    const { decide } = RemoteEngine.make(yield* serve(answer), limits)
    return yield* Effect.match(decide(input), {
      onSuccess: (decision) => decision === true ? "allowed" : `${decision.policy} ${decision.rule}`,
      onFailure: ({ reason }) => reason,
    })
  }))

const endless: Answer = (response) => {
  response.writeHead(200, { "content-type": "application/json" })
  const chunk = " ".repeat(64 * 1024)
  const more = (): void => {
    while (!response.destroyed && response.write(chunk)) { /* until it is full */ }
  }
  response.on("drain", more)
  more()
}

/** What the server says, and what comes of it. */
const answers: Readonly<Record<string, readonly [Answer, string]>> = {
  "a yes": [json(`{"result":{"allow":true,"rule":"x"}}`), "allowed"],
  "a yes without a rule": [json(`{"result":{"allow":true}}`), "allowed"],
  "a no": [json(`{"result":{"allow":false,"rule":"command-scope"}}`), `${policy} command-scope`],
  "a no without a rule": [json(`{"result":{"allow":false}}`), `${policy} unnamed`],
  "a no with a rule that is no name": [json(`{"result":{"allow":false,"rule":"<b>"}}`), `${policy} unnamed`],
  "{}, which is undefined": [json("{}"), `${policy} undefined`],
  "an empty body": [json(""), "malformed"],
  "null": [json("null"), "malformed"],
  "true": [json("true"), "malformed"],
  "a list": [json(`[{"result":{"allow":true}}]`), "malformed"],
  "a result of null": [json(`{"result":null}`), "malformed"],
  "a result of true": [json(`{"result":true}`), "malformed"],
  'a result of "true"': [json(`{"result":"true"}`), "malformed"],
  "a result of {}": [json(`{"result":{}}`), "malformed"],
  "a result of a list": [json(`{"result":[{"allow":true}]}`), "malformed"],
  'allow of "yes"': [json(`{"result":{"allow":"yes"}}`), "malformed"],
  'allow of "true"': [json(`{"result":{"allow":"true"}}`), "malformed"],
  "allow of 1": [json(`{"result":{"allow":1}}`), "malformed"],
  "an allow beside the result": [json(`{"allow":true}`), `${policy} undefined`],
  "an allow by inheritance": [json(`{"result":{"__proto__":{"allow":true}}}`), "malformed"],
  "half a document": [json(`{"result":{"allow":true}`), "malformed"],
  "broken UTF-8": [(response) => response.end(Buffer.from([0x7b, 0xff, 0x7d])), "unreachable"],
  "HTML": [
    (response) => {
      response.writeHead(200, { "content-type": "text/html" })
      response.end("<html><body>allow</body></html>")
    },
    "malformed",
  ],
  "10 MB": [json(`{"result":{"allow":true,"rule":"${"x".repeat(10_000_000)}"}}`), "malformed"],
  "a body without an end": [endless, "malformed"],
  "500 with a yes": [json(`{"result":{"allow":true}}`, 500), "unreachable"],
  "404 with a yes": [json(`{"result":{"allow":true}}`, 404), "unreachable"],
  "204": [json("", 204), "unreachable"],
  "a connection that breaks off": [(response) => response.destroy(), "unreachable"],
  "half an answer": [
    (response) => {
      response.writeHead(200, { "content-length": "100" })
      response.write(`{"result":{"allow":true}}`)
      setTimeout(() => response.destroy(), 20)
    },
    "unreachable",
  ],
}

describe("an engine elsewhere", () => {
  for (const [what, [answer, expected]] of Object.entries(answers)) {
    it.live(`that answers with ${what} means: ${expected}`, () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* decided(answer), expected)
      }))
  }

  it.live("is not followed anywhere: a redirect to a yes is no", () =>
    Effect.scoped(Effect.gen(function* () {
      let reached = 0
      const yes = yield* serve((response, ...rest) => (reached++, json(`{"result":{"allow":true}}`)(response, ...rest)))
      for (const status of [301, 302, 303, 307, 308]) {
        const answer: Answer = (response) => response.writeHead(status, { location: `${yes}/v1/data` }).end()
        assert.strictEqual(yield* decided(answer), "unreachable")
      }
      assert.strictEqual(reached, 0)
    })))

  it.live("that hangs is left after its time, before or within the answer", () =>
    Effect.gen(function* () {
      const quick = { ...defaults, remoteDecisionMs: 100 }
      assert.strictEqual(yield* decided(() => {}, quick), "slow")
      const dribbles: Answer = (response) => void response.write(`{"result":`)
      assert.strictEqual(yield* decided(dribbles, quick), "slow")
    }))

  it.live("that nobody serves is unreachable", () =>
    Effect.gen(function* () {
      const gone = yield* Effect.scoped(serve(json("{}")))
      assert.strictEqual((yield* Effect.flip(RemoteEngine.make(gone, patient).decide(input))).reason, "unreachable")
    }))

  it.live("is asked for its decision with the question alone", () =>
    Effect.scoped(Effect.gen(function* () {
      const seen: Array<unknown> = []
      const url = yield* serve((response, { headers, method, url }, body) => {
        seen.push([method, url, headers["content-type"], JSON.parse(body)])
        json(`{"result":{"allow":true}}`)(response, {} as IncomingMessage, "")
      })
      for (const base of [url, `${url}/`, `${url}/opa/`]) yield* RemoteEngine.make(base, patient).decide(input)
      const path = "/v1/data/nexus/authorization/decision"
      const paths = [path, path, `/opa${path}`]
      assert.deepEqual(seen, paths.map((one) => ["POST", one, "application/json", { input }]))
    })))

  it.live("gathers no more questions than it may: one more is refused at once", () =>
    Effect.scoped(Effect.gen(function* () {
      let asked = 0
      const url = yield* serve(() => void asked++)
      const limits = { ...defaults, remoteDecisionMs: 3_000, remoteDecisions: 5 }
      const { decide } = RemoteEngine.make(url, limits)
      const all = yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.flip(decide(input)), {
        concurrency: "unbounded",
      })
      const reasons = all.map(({ reason }) => reason).toSorted()
      assert.deepEqual(reasons, [...Array(15).fill("busy"), ...Array(5).fill("slow")])
      // And there is room again.
      assert.strictEqual((yield* Effect.flip(decide(input))).reason, "slow")
      assert.isAtMost(asked, 6)
    })))

  it.live("that failed is asked again, and what it said is never remembered", () =>
    Effect.scoped(Effect.gen(function* () {
      let asked = 0
      const url = yield* serve((response, ...rest) => {
        const said = [`{"result":{"allow":true}}`, "x", `{"result":{"allow":false,"rule":"r"}}`][asked++ % 3]!
        json(said)(response, ...rest)
      })
      const enforcer = yield* Enforcer.make([RemoteEngine.make(url, patient)], 60_000)
      for (let i = 0; i < 2; i++) {
        yield* enforcer.enforce(input)
        assert.deepEqual(
          yield* Effect.flip(enforcer.enforce(input)),
          new PolicyUnavailable({ retryAfterSeconds: 1 }) as never,
        )
        assert.strictEqual((yield* Effect.flip(enforcer.enforce(input)))._tag, "PolicyDenied")
        assert.isUndefined(enforcer.known(input))
      }
      assert.strictEqual(asked, 6)
    })).pipe(Effect.provide([ViolationsMemory.layer, Logger.layer([])])))
})
