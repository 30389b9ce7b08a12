/**
 * Kills the real server under load, again and again, on one data folder: `main.ts [--kills N] [--seed N]`; with
 * `--store dynamodb` two of them, on the same tables.
 *
 * The server is governed, as `serve` is: nothing unregistered is stored. Nothing acknowledged is lost, nothing is doubled,
 * versions are contiguous, a repeated id gives the same bytes, and the server is ready within 5 s of each restart. Then the
 * same with a planted bug, which must be found. The last line is the count of checks as JSON.
 * @module
 */
import { parseArgs } from "node:util"
import * as Checks from "./checks.ts"
import * as handled from "./handled.ts"
import { late, lateCalls } from "./planted.ts"
import { type Findings, run, type Scenario } from "./scenario.ts"
import { onTables } from "./tables.ts"

const { values } = parseArgs({
  args: Deno.args,
  options: {
    kills: { type: "string", default: Deno.env.get("NEXUS_CI") === "1" ? "20" : "5" },
    store: { type: "string", default: "sqlite" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
})
const kills = Number(values.kills)
const seed = Number(values.seed)
const { check, finish } = Checks.make()
const tables = values.store === "dynamodb" ? await onTables() : undefined
const base: Omit<Scenario, "kills"> = {
  ...{ seed, clients: tables === undefined ? 64 : 16, say: (line) => console.log(line) },
  // What it finds at start it has to ask for, of engines that share the machine with it.
  readyMs: tables === undefined ? 5_000 : 30_000,
}

const inFolder = async (scenario: Scenario): Promise<Findings> => {
  const folder = await Deno.makeTempDir({ prefix: "nexus-kill-" })
  try {
    return await run(folder, tables === undefined ? scenario : { ...scenario, place: tables.place() })
  } finally {
    await Deno.remove(folder, { recursive: true })
  }
}

console.log(`kill test: ${kills} kills, ${base.clients} clients, seed ${seed}`)
const sound = await inFolder({ ...base, kills })
check(`ready within ${base.readyMs} ms after each of ${kills} kills`, sound.slow)
check("what was answered before a kill is answered with the same bytes after it", sound.changed)
check(
  `${sound.commands} commands, ${sound.events} events: nothing lost, nothing doubled, versions contiguous`,
  sound.log,
)
check("all of them fit the schemas that the registry beside them holds", sound.ungoverned)
check("the server shows what the log adds up to", sound.states)
check("the server ends by itself when asked to", sound.end)
for (const [why, count] of sound.indefinite) console.log(`        ${count} attempts ended with ${why}`)
check(
  `kills interrupted ${sound.interrupted} commands, which were repeated with their ids`,
  sound.interrupted > 0 ? [] : ["no command was ever left without an answer: this run proves nothing"],
)

// Takes longer than a plain run may.
if (kills >= 20 && tables === undefined) {
  const folder = await Deno.makeTempDir({ prefix: "nexus-kill-" })
  const book = await handled.run(folder, Math.ceil(kills / 5), seed)
  await Deno.remove(folder, { recursive: true })
  check(
    `a consumer in the killed server: ${book.events} events handled at least once, in order, no mark ahead`,
    book.events === 0 ? ["there was no event"] : book.found,
  )
}

console.log("the same with a store that answers before it commits")
const planted = await inFolder({ ...base, kills: 3, bug: tables === undefined ? late : lateCalls })
await tables?.stop()
check(
  `what it loses is found (${planted.log.length} sentences)`,
  planted.log.some((fault) => /acknowledged, \d+ stored/.test(fault)) ? [] : ["nothing was found"],
)
finish()
