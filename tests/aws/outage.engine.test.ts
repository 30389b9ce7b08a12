/**
 * The real server over HTTP while DynamoDB throttles, fails and is gone: every command is answered in time and in its own
 * words, the store is spared, and what was acknowledged stands once.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, it } from "vitest"
import { start } from "../../edge/deno.ts"
import { broken, serviceOf } from "../../infra/engines/aws.ts"
import { engine, type Fault, faults, type Proxy, proxy, throttled } from "../engine.ts"
import app from "../kill/app.ts"
import { type Acknowledged, differences, logOf } from "./acknowledged.ts"

const [clients, faultMs, answerMsMax, recoveryMsMax] = [16, 10_000, 30_000, 30_000]
/** Small, so that what is saved on good days does not hide what a bad one costs. */
const callRetryBudget = 16
const phases: Readonly<Record<string, (asked: Proxy["asked"][number]) => Fault>> = {
  throttled,
  failing: broken,
  refused: () => faults.refuse,
}

const [dynamodb, kinesis, fauxqs] = [engine("dynamodb"), engine("kinesis"), engine("fauxqs")]
let before: Proxy
const data = mkdtempSync(join(tmpdir(), "nexus-outage-"))
beforeAll(async () => {
  before = await proxy(dynamodb().url)
})
afterAll(async () => {
  await before.stop()
  rmSync(data, { recursive: true, force: true })
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

interface Answered {
  readonly phase: string
  readonly client: number
  readonly status: number
  readonly retryAfter: number
  readonly ms: number
  /** When it came. */
  readonly at: number
  readonly text: string
}

it("a store that throttles, fails and refuses for 10 s each costs nothing but time", async () => {
  const prefix = `outage-${Date.now().toString(36)}-`
  const env = {
    ...{ NEXUS_DATA: data, PORT: "0", NEXUS_STORE: "dynamodb", NEXUS_TABLE_PREFIX: prefix, NEXUS_ROLE: "api" },
    ...{ NEXUS_AWS_ENDPOINT: fauxqs().url, NEXUS_AWS_ENDPOINT_KINESIS: kinesis().url },
    NEXUS_AWS_ENDPOINT_DYNAMODB: before.url,
  }
  const server = await start(app, { env, args: [], logLevel: "None", limits: { callRetryBudget } })
  const tokens = await Promise.all(Array.from({ length: clients }, (_, n) =>
    server.mint!({
      ...{ tenant: "bank", subject: `client-${n}`, scope: "commands:Account read", ttlSeconds: 3_600 },
    })))
  /** Of the phase under way. */
  const calls = new Map<string, number>()
  let phase = "well"
  before.on((asked) => {
    // The feed asks for itself, whether commands come or not.
    if (serviceOf(asked) === "dynamodb") calls.set(phase, (calls.get(phase) ?? 0) + 1)
    return phases[phase]?.(asked)
  })

  const answers: Array<Answered> = []
  const acknowledged: Array<Acknowledged> = []
  const send = async (client: number, id: string, key: string | undefined): Promise<Answered> => {
    const [from, during] = [performance.now(), phase]
    const response = await fetch(`${server.url}/v1/Account/${id}/commands/Deposit`, {
      method: "POST",
      headers: {
        ...{ "authorization": `Bearer ${tokens[client]}`, "content-type": "application/json" },
        ...key === undefined ? {} : { "idempotency-key": key },
      },
      body: `{"pence":1}`,
    })
    const text = await response.text()
    const at = performance.now()
    const retryAfter = Number(response.headers.get("retry-after") ?? NaN)
    const answered = { phase: during, client, status: response.status, retryAfter, ms: at - from, at, text }
    answers.push(answered)
    return answered
  }

  let stopped = false
  const run = async (client: number) => {
    for (let n = 0; !stopped; n++) {
      const id = n % 3 === 0 ? "shared" : `own-${client}`
      // A client keeps to its kind: whom an outage meets repeats the same command until its end.
      const given = client % 2 === 0 ? `c-${client}-${n}` : undefined
      let key = given
      for (;;) {
        const { status, text } = await send(client, id, key)
        if (status === 200) {
          acknowledged.push({ id, given, text })
          break
        }
        // Unknown under a generated id: the answer names the key under which alone it may be repeated.
        const problem = JSON.parse(text) as { readonly type: string; readonly commandId?: string }
        if (problem.type.endsWith("outcome-unknown")) key = problem.commandId
        await pause(250)
      }
    }
  }
  const all = Promise.all(Array.from({ length: clients }, (_, client) => run(client)))
  await pause(2_000)
  for (const name of Object.keys(phases)) {
    phase = name
    await pause(faultMs)
  }
  phase = "well again"
  const endedAt = performance.now()
  const recoveredAt = (client: number) =>
    answers.find((one) => one.client === client && one.at > endedAt && one.status === 200)
  const isDone = () => tokens.every((_, client) => recoveredAt(client) !== undefined)
  while (!isDone() && performance.now() - endedAt < recoveryMsMax) await pause(50)
  const recovered = isDone()
  const recoveryMs = performance.now() - endedAt
  stopped = true
  await all
  await server.stop()

  for (const name of ["well", ...Object.keys(phases), "well again"]) {
    const own = answers.filter((answer) => answer.phase === name)
    const statuses = [...Map.groupBy(own, ({ status }) => status)].map(([status, some]) => `${some.length} x ${status}`)
    const slowest = Math.round(Math.max(...own.map(({ ms }) => ms)))
    console.log(`${name}: ${statuses.join(", ")}; slowest ${slowest} ms; ${calls.get(name)} calls`)
    if (!(name in phases)) continue
    // Those under way at its end are answered in the next.
    assert.isAtMost(calls.get(name)!, 3 * (own.length + clients) + callRetryBudget, `calls while ${name}`)
  }
  const late = answers.filter(({ ms }) => ms > answerMsMax)
  assert.deepStrictEqual(late, [], "later than 30 s")
  const refused = answers.filter(({ status }) => status !== 200)
  const unfit = refused.filter(({ retryAfter, status }) => ![429, 503].includes(status) || !(retryAfter >= 1))
  assert.deepStrictEqual(unfit, [], "neither done nor asked to come later")
  for (const name of Object.keys(phases)) assert.isTrue(refused.some((one) => one.phase === name), `${name} struck`)
  assert.isTrue(recovered, "each client is served again within 30 s")
  console.log(`served again after ${Math.round(recoveryMs)} ms; ${acknowledged.length} deposits`)
  const log = await logOf(dynamodb().url, prefix, acknowledged.map(({ id }) => id))
  assert.deepStrictEqual(differences(acknowledged, log), [])
}, 300_000)
