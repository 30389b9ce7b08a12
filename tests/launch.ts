/**
 * Starts an entry; `--watch` anywhere among the arguments restarts it when a file it imports changes.
 *
 * It exists because `deno task` puts what the user adds behind the script, where Deno does not look for its own flags.
 * @module
 */
import { v8Flags } from "../infra/v8.ts"

const [entry, ...rest] = Deno.args
if (entry === undefined) throw new Error("launch.ts needs the entry to start")
const isWatch = (argument: string) => argument === "--watch"
const watch = rest.some(isWatch) ? ["--watch", "--no-clear-screen"] : []

const child = new Deno.Command(Deno.execPath(), {
  args: ["run", "-A", `--v8-flags=${v8Flags}`, ...watch, entry, ...rest.filter((argument) => !isWatch(argument))],
}).spawn()

/** Ctrl-C reaches the child by itself, with the whole group; this process only has to outlive the child's drain. */
Deno.addSignalListener("SIGINT", () => {})
/** Deno's watcher survives the end of what it watches, and so a SIGTERM that the entry handles; it heeds SIGINT. */
Deno.addSignalListener("SIGTERM", () => child.kill(watch.length > 0 ? "SIGINT" : "SIGTERM"))

Deno.exit((await child.status).code)
