/**
 * One run of the kill test: load, kills and restarts on one data folder, then everything that can be found out.
 * @module
 */
import { balances, faults, type Stored } from "./check.ts"
import { fileIn, type Place, tokens } from "./data.ts"
import * as Ledger from "./Ledger.ts"
import * as load from "./load.ts"
import type { Bug } from "./planted.ts"
import * as ServerProcess from "./ServerProcess.ts"

export interface Scenario {
  readonly kills: number
  readonly seed: number
  readonly clients: number
  /** Bound of the time from a restart to the first yes of `/health/ready`. */
  readonly readyMs: number
  readonly bug?: Bug
  /** A file in the folder where absent. */
  readonly place?: Place
  /** Told of each kill. */
  readonly say: (line: string) => void
}

/** What was found, as sentences; empty lists where all is well. */
export interface Findings {
  readonly slow: ReadonlyArray<string>
  /** Answers from before a kill that were not given again byte for byte. */
  readonly changed: ReadonlyArray<string>
  /** Differences between what clients were told and what is stored. */
  readonly log: ReadonlyArray<string>
  /** Events whose schema the registry does not hold, or that do not fit it. */
  readonly ungoverned: ReadonlyArray<string>
  /** Accounts whose state is not what the log adds up to. */
  readonly states: ReadonlyArray<string>
  readonly end: ReadonlyArray<string>
  readonly commands: number
  readonly events: number
  /** Commands that a kill left without an answer, and that were repeated. */
  readonly interrupted: number
  /** What came instead of a definite answer, and how often. */
  readonly indefinite: ReadonlyMap<string, number>
}

/** Repeats of one of them that get no definite answer. */
const againMax = 20
/** A first start may have to compile. */
const firstReadyMs = 30_000
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Sends these commands again: each answer must be the very bytes it was. */
const repeat = async (
  target: load.Target,
  clients: number,
  entries: ReadonlyArray<Ledger.Entry>,
): Promise<ReadonlyArray<string>> => {
  const found: Array<string> = []
  let next = 0
  const worker = async (client: number) => {
    for (let entry = entries[next++]; entry !== undefined; entry = entries[next++]) {
      let again = await load.send(target, client, entry)
      // A busy server may ask to come later, which says nothing of the bytes.
      for (let tries = 0; again.status === undefined && tries < againMax; tries++) {
        await pause(250)
        again = await load.send(target, client, entry)
      }
      if (again.status === undefined) found.push(`${entry.commandId}: not answered again but ${again.why}`)
      else if (again.status !== entry.answer?.status || again.text !== entry.answer.text) {
        found.push(`${entry.commandId}: ${entry.answer?.status} became ${again.status}, or other bytes`)
      }
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, client) => worker(client)))
  return found
}

/** The balance that the server shows for the shared accounts and some others, against the log. */
const compareStates = async (
  { tokens, url }: load.Target,
  log: ReadonlyArray<Stored>,
): Promise<ReadonlyArray<string>> => {
  const found: Array<string> = []
  for (const [id, pence] of [...balances(log)].filter(([id], n) => id.startsWith("shared") || n % 20 === 0)) {
    const response = await fetch(`${url}/v1/Account/${id}`, { headers: { authorization: `Bearer ${tokens[0]}` } })
    const answer = await response.json() as { readonly state?: { readonly balancePence: number } }
    const shown = answer.state?.balancePence
    if (shown !== pence) found.push(`${id}: ${shown}, the log says ${pence}`)
  }
  return found
}

/** Runs it in `folder`, which the caller removes. */
export const run = async (folder: string, scenario: Scenario): Promise<Findings> => {
  const { bug, clients, kills, place = fileIn(folder), readyMs, say, seed } = scenario
  const random = load.randomOf(seed)
  const ledger = Ledger.make()
  const ports = Array.from({ length: place.servers }, () => ServerProcess.freePort())
  const start = (which: number) =>
    ServerProcess.start({ folder, env: place.env, port: ports[which]!, arguments: bug === undefined ? [] : [bug] })
  const [url = "", ...others] = ports.map((port) => `http://127.0.0.1:${port}`)
  const target: load.Target = { url, others, tokens: await tokens(folder, clients) }
  const slow: Array<string> = []
  const changed: Array<string> = []

  /** Killed while it starts. */
  const startInVain = async (which: number) => {
    const early = start(which)
    await pause(random() * 600)
    await early.kill()
  }
  // A planted bug is looked for in the log alone: the rest has been shown by then, and takes time.
  const sound = bug === undefined
  // The very first one is killed while it registers the schemas.
  if (sound) await startInVain(0)
  const servers = ports.map((_, which) => start(which))
  for (const server of servers) {
    if (await server.ready(firstReadyMs) === undefined) slow.push(`the server did not start: ${server.errors()}`)
  }
  const running = load.start(target, clients, ledger, seed)
  for (let n = 1; n <= kills && slow.length === 0; n++) {
    await pause(200 + random() * (place.killMs - 200))
    const answered = ledger.answered.length
    // One of them, every third time all of them.
    const which = Math.floor(random() * servers.length)
    const killed = n % 3 === 0 ? servers.map((_, i) => i) : [which]
    await Promise.all(killed.map((i) => servers[i]!.kill()))
    const newest = Ledger.newest(ledger, place.repeated.afterKill)
    // Every fourth time the next process is killed too, while it starts.
    if (n % 4 === 0) await startInVain(which)
    for (const i of killed) servers[i] = start(i)
    let ms: number | undefined = 0
    for (const server of killed.map((i) => servers[i]!)) {
      const own = await server.ready(readyMs)
      if (own === undefined) {
        slow.push(`restart ${n} was not ready within ${readyMs} ms: ${server.errors().slice(-500)}`)
      }
      ms = own === undefined || ms === undefined ? undefined : Math.max(ms, own)
    }
    if (ms !== undefined) {
      say(`kill ${n}: ${answered} answered before it, ready again after ${Math.round(ms)} ms`)
      changed.push(...await repeat(target, clients, newest))
    }
  }
  await running.stop()
  if (sound) changed.push(...await repeat(target, clients, Ledger.newest(ledger, place.repeated.atEnd)))
  const log = await place.readLog(new Set([...ledger.entries.values()].map(({ id }) => id)))
  const states = sound && slow.length === 0 ? await compareStates(target, log) : []
  const codes = await Promise.all(servers.map((server) => server.stop()))
  return {
    slow,
    changed,
    states,
    ungoverned: await place.ungoverned(log),
    log: log.length === 0 ? ["the log is empty"] : faults(ledger, log),
    end: servers.flatMap((server, i) => codes[i] === 0 ? [] : [`exit code ${codes[i]}`, server.errors().slice(-500)]),
    commands: ledger.answered.length,
    events: log.length,
    interrupted: [...ledger.entries.values()].filter(({ unanswered }) => unanswered > 0).length,
    indefinite: ledger.indefinite,
  }
}
