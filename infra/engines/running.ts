/**
 * Starts engines and ends them: each in a group of its own with a file that says so, ready before it is handed out.
 *
 * An engine of a test ends with the test, even one that is killed: its guard sees the pipe to it close. What slips
 * through (a guard killed too) is ended by the next start.
 * @module
 */
import { spawn } from "node:child_process"
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import process from "node:process"
import { entry, folderOf, lacking, type Name, type Question } from "./engines.ts"
import { root } from "./fetch.ts"
import { endGroup, isAlive, type Leader, leader } from "./process.ts"

export interface Running {
  readonly name: Name
  readonly url: string
  readonly port: number
  readonly leader: Leader
  /** The process with which it ends; none where it serves until `down`. */
  readonly owner?: Leader
}

const folder = join(root, ".nexus/engines/run")
/** Says that it runs, and whose it is. */
export const fileOf = ({ leader: { pid }, name }: Pick<Running, "leader" | "name">) =>
  join(folder, `${name}-${pid}.json`)

/** What files say is running, true or not. */
const noted = (): ReadonlyArray<Running> =>
  (existsSync(folder) ? readdirSync(folder) : []).filter((name) => name.endsWith(".json")).flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(join(folder, name), "utf8")) as Running]
    } catch {
      // Another process has just removed it.
      return []
    }
  })

const dataOf = (port: number) => join(folder, `data-${port}`)

/** Resolves once it is gone, with its files. */
export const stop = async (one: Running): Promise<void> => {
  await endGroup(one.leader)
  rmSync(dataOf(one.port), { recursive: true, force: true })
  rmSync(fileOf(one), { force: true })
}

/** Those that run; what is noted but dead is forgotten, what has lost its owner is ended. */
export const running = async (): Promise<ReadonlyArray<Running>> => {
  const all = noted()
  const lost = all.filter((one) => !isAlive(one.leader) || (one.owner !== undefined && !isAlive(one.owner)))
  await Promise.all(lost.map(stop))
  return all.filter((one) => !lost.includes(one))
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })

const isReady = (port: number, { headers, path }: Question): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    ...headers === undefined ? {} : { method: "POST", headers, body: "{}" },
    ...{ signal: AbortSignal.timeout(2_000), redirect: "manual" },
  }).then(async (response) => {
    await response.body?.cancel()
    return response.status === 200
  }, () => false)

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Runs its arguments; ends them when its own input ends, as it does when whoever holds the other end dies. */
const guard = `"$@" </dev/null & engine=$!
(cat >/dev/null; kill $engine) <&3 3<&- &
exec 3<&-; wait $engine`

export interface Options {
  /** A free one where absent. */
  readonly port?: number
  /** It ends with this process; otherwise it outlives it. */
  readonly owned: boolean
}

/** Starts one and waits until it answers; rejects with what it said last where it does not in time. */
export const start = async (name: Name, options: Options): Promise<Running> => {
  const lacks = lacking(name)
  if (lacks !== undefined) throw new Error(lacks)
  await running()
  const port = options.port ?? await freePort()
  if (!await isFree(port)) throw new Error(`${name} cannot listen: port ${port} is in use; choose another with --port`)
  const { base = "", ready, readySecondsMax, start: launch } = entry(name)
  const data = dataOf(port)
  rmSync(data, { recursive: true, force: true })
  mkdirSync(data, { recursive: true })
  const { args, command, env } = launch({ folder: folderOf(name), port, data })
  const log = join(data, "engine.log")
  const out = openSync(log, "a")
  const [program, all] = options.owned
    ? ["sh", ["-c", `exec 3<&0; ${guard}`, "guard", command, ...args]]
    : [command, args]
  const child = spawn(program as string, [...all as ReadonlyArray<string>], {
    cwd: data,
    env: { ...process.env, ...env },
    detached: true,
    stdio: [options.owned ? "pipe" : "ignore", out, out],
  })
  closeSync(out)
  let ended: string | undefined
  child.once("error", (error) => ended = error.message)
  child.once("exit", (code, signal) => ended = `ended with ${code ?? signal}`)
  child.unref()
  ;(child.stdin as { unref?: () => void } | null)?.unref?.()
  const one: Running = {
    ...{ name, port, url: `http://127.0.0.1:${port}${base}`, leader: leader(child.pid ?? 0) },
    ...options.owned ? { owner: leader(process.pid) } : {},
  }
  writeFileSync(fileOf(one), JSON.stringify(one))
  const until = performance.now() + readySecondsMax * 1000
  while (ended === undefined && performance.now() < until) {
    if (await isReady(port, ready)) return one
    await pause(50)
  }
  const said = readFileSync(log, "utf8").slice(-2_000)
  await stop(one)
  throw new Error(`${name} ${ended ?? `is not ready after ${readySecondsMax} s`}: ${said}`)
}

/** Runs `use` against an engine of its own on a free port; the engine is gone when this settles. */
export const withEngine = async <A>(name: Name, use: (engine: Running) => Promise<A>): Promise<A> => {
  const engine = await start(name, { owned: true })
  try {
    return await use(engine)
  } finally {
    await stop(engine)
  }
}
