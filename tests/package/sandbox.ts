/**
 * A folder outside the repository, with a copy of it as a fresh clone would be; and a shell that runs there what guides say.
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import process from "node:process"
import { type Ran, root, run } from "../built.ts"
import { find, isRequired } from "../tools/tools.ts"

export interface Sandbox {
  readonly folder: string
  /** The copy of the repository. */
  readonly clone: string
  /** Runs lines of a guide in one bash, which stops at the first that fails. */
  readonly sh: (lines: ReadonlyArray<string>, cwd: string, env?: Record<string, string>) => Promise<Ran>
  /** Starts a line that goes on until it is stopped; resolves once it has printed `ready`. */
  readonly start: (line: string, cwd: string, ready: RegExp, env?: Record<string, string>) => Promise<Running>
  readonly remove: () => void
}

export interface Running {
  /** The match of `ready`. */
  readonly found: RegExpExecArray
  /** As Ctrl-C does it, to the whole group; the exit code. */
  readonly stop: () => Promise<number | null>
}

/** What guides cannot know: a port that is free. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
/** A curl that is quiet and says the status on a line of its own, behind the answer. */
const prelude = ["set -eo pipefail", `curl() { command curl -sS -w '\\n%{http_code}\\n' "$@"; }`]

const copyTracked = (to: string): void => {
  const said = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root })
  const files = said.toString().split("\0").filter((path) => path !== "")
  for (const path of files) {
    mkdirSync(dirname(join(to, path)), { recursive: true })
    copyFileSync(join(root, path), join(to, path))
  }
}

/**
 * npm's store of downloads is shared; what npx unpacks is the sandbox's own, for it would answer the next run. Where the
 * downloads were fetched beforehand, nothing is asked of a network.
 */
const npmOf = (folder: string): Record<string, string> => {
  const fetched = find("npm")
  if (fetched === undefined && isRequired()) {
    throw new Error("npm's cache is not fetched: deno run -A tests/tools/tools.ts")
  }
  const cache = fetched?.env.npm_config_cache ?? execFileSync("npm", ["config", "get", "cache"]).toString().trim()
  mkdirSync(join(folder, "npm"))
  mkdirSync(join(cache, "_cacache"), { recursive: true })
  symlinkSync(join(cache, "_cacache"), join(folder, "npm/_cacache"))
  const quiet = { npm_config_audit: "false", npm_config_fund: "false", npm_config_update_notifier: "false" }
  return { npm_config_prefer_offline: "true", ...fetched?.env, ...quiet, npm_config_cache: join(folder, "npm") }
}

const endOf = (child: ChildProcess) => new Promise<number | null>((resolve) => child.once("exit", resolve))

export const sandbox = (): Sandbox => {
  const folder = mkdtempSync(join(tmpdir(), "nexus-package-"))
  const clone = join(folder, "nexus")
  copyTracked(clone)
  symlinkSync(join(root, "node_modules"), join(clone, "node_modules"))
  const npm = npmOf(folder)
  const running = new Set<ChildProcess>()
  const signal = (child: ChildProcess, name: "SIGINT" | "SIGKILL") => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, name)
  }
  return {
    folder,
    clone,
    sh: (lines, cwd, env = {}) => run("bash", ["-c", [...prelude, ...lines].join("\n")], cwd, { ...npm, ...env }),
    start: (line, cwd, ready, env = {}) =>
      new Promise((resolve, reject) => {
        const all = { ...process.env, NO_COLOR: "1", ...npm, ...env }
        const child = spawn("bash", ["-c", `exec ${line}`], { cwd, env: all, detached: true })
        running.add(child)
        const end = endOf(child)
        let said = ""
        const listen = (chunk: unknown) => {
          said += String(chunk)
          const found = ready.exec(said)
          if (found === null) return
          const stop = () => {
            signal(child, "SIGINT")
            return end
          }
          resolve({ found, stop })
        }
        child.stdout.on("data", listen)
        child.stderr.on("data", listen)
        end.then((code) => {
          running.delete(child)
          reject(new Error(`"${line}" ended with ${code}:\n${said}`))
        })
      }),
    remove: () => {
      for (const child of running) signal(child, "SIGKILL")
      rmSync(folder, { recursive: true })
    },
  }
}
