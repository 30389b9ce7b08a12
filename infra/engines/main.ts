/**
 * `deno task engines fetch|up|down|status [name...] [--port N] [--json]`: without names, all of them.
 *
 * `up` leaves them running, each on its own fixed port (`--port 0`: any free one), until `down`.
 * @module
 */
import { parseArgs } from "node:util"
import process from "node:process"
import { engines, entry, folderOf, isFetched, isName, lacking, type Name, names, unfetchable } from "./engines.ts"
import { type Fetched, fetchInto } from "./fetch.ts"
import { type Running, running, start, stop } from "./running.ts"

const usage = `deno task engines fetch|up|down|status [name...] [--port N] [--json]; names: ${names.join(", ")}`

const { positionals: [verb = "", ...wanted], values } = (() => {
  try {
    return parseArgs({
      args: process.argv.slice(2),
      allowPositionals: true,
      options: { json: { type: "boolean" }, port: { type: "string" } },
    })
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`)
    return process.exit(2)
  }
})()
const chosen = wanted.length === 0 ? names : wanted.filter(isName)
const port = values.port === undefined ? undefined : Number(values.port)
if (
  wanted.some((name) => !isName(name)) || !["fetch", "up", "down", "status"].includes(verb) ||
  (port !== undefined && (!/^\d{1,5}$/.test(values.port!) || chosen.length !== 1))
) {
  const [unknown] = wanted.filter((name) => !isName(name))
  console.error(unknown === undefined ? usage : `there is no engine "${unknown}"\n${usage}`)
  process.exit(2)
}

const say = (line: string) => values.json ? console.error(line) : console.log(line)

/** All at once: most of it is waiting for somebody else's network. */
const fetchAll = async (): Promise<ReadonlyArray<Fetched>> => {
  const open = new Set<Name>()
  const started = performance.now()
  const timer = setInterval(() => {
    say(`still fetching ${[...open].join(", ")} (${Math.round((performance.now() - started) / 1000)} s)`)
  }, 15_000)
  const all = await Promise.all(chosen.map(async (name): Promise<Fetched> => {
    if (isFetched(name)) return { name, seconds: 0 }
    const failed = unfetchable(name)
    if (failed !== undefined) {
      say(failed)
      return { name, seconds: 0, failed }
    }
    open.add(name)
    say(`fetching ${name} ${engines[name].version}`)
    const fetched = await fetchInto(name, folderOf(name), entry(name).fetch, say)
    open.delete(name)
    return fetched
  }))
  clearInterval(timer)
  return all
}

const shown = ({ leader: { pid }, name, owner, url }: Running) => ({
  ...{ name, url, pid },
  ...owner === undefined ? {} : { ownedBy: owner.pid },
})

const up = async (name: Name) => {
  const there = (await running()).find((one) => one.name === name && one.owner === undefined)
  const free = port === 0 ? {} : { port: port ?? entry(name).port }
  const one = there ?? await start(name, { ...free, owned: false })
  say(`${name} ${there === undefined ? "is up" : "was up"}: ${one.url} (pid ${one.leader.pid})`)
  return shown(one)
}

const down = async () => {
  const all = (await running()).filter(({ name }) => chosen.includes(name))
  await Promise.all(all.map(stop))
  if (all.length === 0) say("nothing was up")
  for (const { leader, name } of all) say(`${name} is down (was pid ${leader.pid})`)
  return all.map(shown)
}

const status = async () => {
  const all = await running()
  return chosen.map((name) => {
    const lacks = lacking(name)
    const runs = all.filter((one) => one.name === name).map(shown)
    say(
      [
        name,
        entry(name).version,
        ...lacks !== undefined || runs.length === 0 ? [lacks ?? "ready to start"] : [],
        ...runs.map(({ pid, url }) => `up: ${url} (pid ${pid})`),
      ].join("  "),
    )
    return { name, version: entry(name).version, ...lacks === undefined ? {} : { lacks }, running: runs }
  })
}

const attempt = <A>(name: Name, run: Promise<A>): Promise<A | { readonly name: Name; readonly failed: string }> =>
  run.catch((error: Error) => {
    say(error.message)
    return { name, failed: error.message }
  })

const results: ReadonlyArray<object> = verb === "fetch"
  ? await fetchAll()
  : verb === "up"
  ? await Promise.all(chosen.map((name) => attempt(name, up(name))))
  : verb === "down"
  ? await down()
  : await status()
if (values.json) console.log(JSON.stringify(results))
process.exit(results.some((one) => "failed" in one) ? 1 : 0)
