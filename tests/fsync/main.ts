/**
 * Shows with `strace` that no acknowledgement precedes its fsync, and how many fsyncs each kind of command costs.
 *
 * The same checks on a store that syncs too little must fail, or they prove nothing. Without `strace` all is skipped, in
 * CI it fails. The last line is the count of checks as JSON.
 * @module
 */
import * as load from "../kill/load.ts"
import * as Checks from "../kill/checks.ts"
import { tokens } from "../kill/data.ts"
import * as ServerProcess from "../kill/ServerProcess.ts"
import { costs } from "./costs.ts"
import { unsynced } from "../kill/planted.ts"
import { judge, parse, straceArgs, syncsByMarker } from "./Trace.ts"

const sequential = 40
const concurrent = 1_200
const clients = 64
const readyMs = 30_000
/** Ids of one length and shape, so that they are found among the bytes of a page. */
const idOf = (n: number) => `cmd-${String(n).padStart(5, "0")}`
const idPattern = /cmd-\d{5}/g
const kinds = new URL("kinds.ts", import.meta.url).pathname

const { check, finish } = Checks.make()

const succeeds = (command: string, args: ReadonlyArray<string>): Promise<boolean> =>
  new Deno.Command(command, { args: [...args], stdout: "null", stderr: "null" }).output().then(
    ({ success }) => success,
    () => false,
  )

/** Present is not enough: a sandbox may forbid to trace. */
const usable = await succeeds("strace", ["-f", "-o", "/dev/null", "true"])
if (!usable) {
  const required = Deno.env.get("CI") === "true" || Deno.env.get("NEXUS_CI") === "1"
  if (required) check("strace is usable", ["it is not installed, or may not trace: CI requires it"])
  else console.log("SKIPPED  strace is not installed, or may not trace: no fsync was counted")
  finish(required ? 0 : 1)
}

const folder = await Deno.makeTempDir({ prefix: "nexus-fsync-" })

/** The fsyncs of each kind of command, as a process of its own. */
const countKinds = async (bug: ReadonlyArray<string>): Promise<ReadonlyMap<string, number>> => {
  const [data, trace] = [`${folder}/kinds-${bug}`, `${folder}/kinds-${bug}.trace`]
  await Deno.mkdir(data)
  if (!await succeeds("strace", [...straceArgs(trace), Deno.execPath(), "run", "-A", kinds, data, ...bug])) {
    return new Map()
  }
  return syncsByMarker(await Deno.readTextFile(trace))
}

const compareKinds = (counted: ReadonlyMap<string, number>): ReadonlyArray<string> =>
  costs.flatMap(({ fsyncs, kind }) =>
    counted.get(kind) === fsyncs ? [] : [`${kind}: ${counted.get(kind) ?? "no"} fsyncs, documented are ${fsyncs}`]
  )

/** Traces a server under sequential, then concurrent commands; says what was wrong and how many fsyncs there were. */
const traceServer = async (bug: ReadonlyArray<string>) => {
  const [data, trace] = [`${folder}/server-${bug}`, `${folder}/server-${bug}.trace`]
  await Deno.mkdir(data)
  const port = ServerProcess.freePort()
  const target = { url: `http://127.0.0.1:${port}`, tokens: await tokens(data, clients) }
  // `-D` makes the tracer the grandchild: signals reach the server itself.
  const server = ServerProcess.start({
    folder: data,
    port,
    under: ["strace", "-D", ...straceArgs(trace)],
    arguments: bug,
  })
  if (await server.ready(readyMs) === undefined) {
    return { faults: ["the server was not ready", server.errors()], syncs: 0 }
  }
  const refused: Array<string> = []
  const send = async (n: number): Promise<void> => {
    const intent = { commandId: idOf(n), id: `account-${n % 97}`, command: "Deposit", payload: { pence: 1 } }
    const answer = await load.send(target, n, intent)
    if (answer.status !== 200) refused.push(`${idOf(n)}: ${answer.status ?? answer.why}`)
  }
  for (let n = 0; n < sequential; n++) await send(n)
  let next = sequential
  const total = sequential + concurrent
  const client = async () => {
    while (next < total) await send(next++)
  }
  await Promise.all(Array.from({ length: clients }, client))
  await server.stop()
  const ids = Array.from({ length: total }, (_, n) => idOf(n))
  const { faults, syncs } = judge(parse(await Deno.readTextFile(trace), idPattern), ids)
  return { faults: [...refused, ...faults], syncs }
}

check(`each of ${costs.length} kinds of command costs the documented fsyncs`, compareKinds(await countKinds([])))
const missing = compareKinds(await countKinds([unsynced]))
check(
  `a store with synchronous = NORMAL is found out by the count (${missing.length} kinds differ)`,
  missing.length > 0 ? [] : ["nothing was found"],
)

const sound = await traceServer([])
const total = sequential + concurrent
check(`none of ${total} acknowledgements over HTTP precedes its fsync`, sound.faults)
check(
  `commands share fsyncs: ${sound.syncs} fsyncs for ${total} commands, ${sequential} of them one by one`,
  sound.syncs >= sequential && sound.syncs < sequential + concurrent / 4 ? [] : ["too few, or one for each command"],
)
const planted = await traceServer([unsynced])
check(
  `acknowledgements of a store with synchronous = NORMAL are found out (${planted.faults.length} of ${total})`,
  planted.faults.some((fault) => fault.includes("before its bytes were synced")) ? [] : ["nothing was found"],
)

await Deno.remove(folder, { recursive: true })
finish()
