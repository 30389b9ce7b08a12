/**
 * The work split over three processes, one for each role, as `--role` starts them: what is commanded of one of them reaches
 * the handlers of another and the socket of the first, what fails is kept with its reason, redriven, and done.
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, it } from "vitest"
import { engine } from "../engine.ts"
import * as Listener from "../http/Listener.ts"
import * as processes from "../http/processes.ts"
import { nexus } from "../operate/nexus.ts"

const [dynamodb, kinesis, fauxqs] = [engine("dynamodb"), engine("kinesis"), engine("fauxqs")]
const flags = () => [
  ...["--store", "dynamodb", "--table-prefix", "roles-", "--aws-endpoint", fauxqs().url],
  ...["--aws-endpoint-dynamodb", dynamodb().url, "--aws-endpoint-kinesis", kinesis().url],
]
const { folder } = processes
const start = (role: string) => processes.launch({}, ["tests/aws/roles.ts", "--role", role, ...flags()])

const until = async (is: () => boolean | Promise<boolean>, what: () => string) => {
  for (const from = performance.now(); performance.now() - from < 40_000;) {
    if (await is()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail(`not in time: ${what()}`)
}

interface Letter {
  readonly id: string
  readonly kind: string
  readonly version: number
  readonly eventId: string
  readonly error: string
  readonly [name: string]: unknown
}

afterAll(async () => {
  await processes.killAll()
  processes.forget()
})

it(
  "an API, a router and consumers as three processes bring events to handlers and sockets, and what fails back",
  async () => {
    const [api, router, consumers] = [start("api"), start("router"), start("consumers")]
    const all = [api, router, consumers]
    const said = () => all.map(({ text }) => text()).join("\n")
    await until(() => all.every(({ text }) => /http:\/\/127\.0\.0\.1:\d+/.test(text())), said)
    const [url, ...others] = all.map(({ text }) => /http:\/\/127\.0\.0\.1:\d+/.exec(text())![0])
    for (const other of others) {
      const ready = await fetch(`${other}/health/ready`)
      assert.strictEqual(ready.status, 200, await ready.text())
      assert.strictEqual((await fetch(`${other}/v1/Box/good`)).status, 404)
    }
    const token = /TOKEN=(\S+)/.exec(api.text())![1]!
    const ask = async (method: string, path: string, body?: unknown) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
      const init = { method, headers, ...body === undefined ? {} : { body: JSON.stringify(body) } }
      const answer = await fetch(`${url}${path}`, init)
      const text = await answer.text()
      assert.isTrue(answer.ok, `${answer.status} ${text}`)
      return JSON.parse(text)
    }
    const fill = (id: string) => ask("POST", `/v1/Box/${id}/commands/Fill`, {})
    const handled = (): ReadonlyArray<string> => {
      try {
        return readFileSync(join(folder, "handled by consumers"), "utf8").trimEnd().split("\n")
      } catch {
        return []
      }
    }
    const hasHandled = (id: string, at = 0) => () =>
      [`${id}@${at + 1} Filled`, `${id}@${at + 2} Mailed`].every((line) => handled().includes(line))
    const letters = async () => (await ask("GET", "/v1/dead-letters")).deadLetters as ReadonlyArray<Letter>

    const socket = await Listener.open({ port: Number(new URL(url!).port) }, { token })
    await socket.subscribe({ aggregate: "Box" })
    await fill("good")
    await socket.until(() => socket.events().length > 0, "a core event at the socket")
    assert.deepInclude(socket.events()[0], { aggregate: "Box", id: "good", version: 1, type: "Filled" })
    await until(hasHandled("good"), said)

    await fill("bad")
    await fill("bad")
    await fill("good")
    await until(hasHandled("good", 2), said)
    let rows: ReadonlyArray<Letter> = []
    await until(async () => (rows = await letters()).length >= 3, () => JSON.stringify(rows) + said())
    assert.notInclude(handled().join(), "bad")
    const ofStream = rows.filter(({ kind }) => kind === "stream")
    assert.deepStrictEqual(ofStream.map(({ version }) => version), [1])
    const ofMessages = rows.filter(({ kind }) => kind === "message")
    assert.sameMembers(ofMessages.map(({ version }) => version), [2, 4])
    for (const row of rows) {
      assert.deepInclude(row, { consumer: "mailer", stream: { aggregate: "Box", id: "bad" }, attempts: 6 })
      assert.match(row.error, /^MailServerRefused at roles\.ts:\d+:\d+$/)
    }

    writeFileSync(join(folder, "mended"), "")
    const plan = await ask("POST", `/v1/dead-letters/${ofStream[0]!.id}/redrive?dryRun=true`)
    // Secondary ones, too, where they are so near to the consumer's beginning that they count as of the past.
    const planned = (plan.plan.events as ReadonlyArray<Letter>).map(({ version }) => version)
    assert.includeMembers(planned, [1, 3])
    for (const { id } of [ofStream[0]!, ofMessages[0]!]) await ask("POST", `/v1/dead-letters/${id}/redrive`)
    const asked = await nexus("dead-letters", "redrive", `mailer/demo/Box/bad/${ofMessages[1]!.eventId}`, ...flags())
    assert.deepStrictEqual([asked.code, asked.out.trimEnd()], [0, "asked for the redrive of 1 dead letter"], asked.err)
    await until(async () => (rows = await letters()).length === 0, () => JSON.stringify(rows) + said())
    await until(() => hasHandled("bad")() && hasHandled("bad", 2)(), () => handled().join())
    const core = handled().filter((line) => /^bad.*Filled/.test(line))
    assert.deepStrictEqual(core, ["bad@1 Filled", "bad@3 Filled"])
    const seen = (id: string) => socket.events().filter((one) => one.id === id).map(({ version }) => version)
    await socket.until(() => ["good", "bad"].every((id) => seen(id).includes(3)), "the last core events at the socket")
    for (const id of ["good", "bad"]) assert.deepStrictEqual(seen(id).slice(0, 3), [1, 2, 3])

    for (const { child } of all) child.kill("SIGTERM")
    assert.strictEqual(await socket.ended, 1001)
    assert.deepStrictEqual(await Promise.all(all.map(({ ended }) => ended)), [0, 0, 0], said())
  },
  120_000,
)
