/**
 * A process of the bench that talks in lines.
 * @module
 */
import { v8Flags } from "../../infra/v8.ts"

export interface Process {
  /** The next line that it said to the bench; fails at its end. */
  readonly line: () => Promise<string>
  readonly write: (text: string) => Promise<void>
  /** Processor time so far in milliseconds, all threads, as Linux counts it (10 ms); elsewhere nothing. */
  readonly cpuMs: () => number | undefined
  /** Ends its input and waits for its end. */
  readonly end: () => Promise<void>
}

const msPerTick = 10
/** Stands before what is meant for the bench, so that it is told from a server's log. */
const mark = "bench: "

/** Says a line to the parent. */
export const say = (value: unknown): void => console.log(mark + JSON.stringify(value))

export const start = (path: URL, args: ReadonlyArray<string>): Process => {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--node-modules-dir=manual"],
      `--v8-flags=${v8Flags}`,
      ...[path.pathname, ...args],
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn()
  const writer = child.stdin.getWriter()
  const lines: Array<string> = []
  let waiting: PromiseWithResolvers<void> | undefined
  let ended = false
  // Read all the time: a process that logs must not wait for a reader.
  const read = async () => {
    let rest = ""
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split("\n")
      rest = parts.pop()!
      for (const part of parts) if (part.startsWith(mark)) lines.push(part.slice(mark.length))
      waiting?.resolve()
    }
  }
  const end = () => {
    ended = true
    waiting?.resolve()
  }
  read().then(end, end)
  return {
    line: async () => {
      while (lines.length === 0) {
        if (ended) throw new Error(`${path.pathname} ended`)
        waiting = Promise.withResolvers()
        await waiting.promise
      }
      return lines.shift()!
    },
    write: (line) => writer.write(new TextEncoder().encode(line)),
    cpuMs: () => {
      try {
        const stat = Deno.readTextFileSync(`/proc/${child.pid}/stat`)
        const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13).map(Number)
        return (user! + system!) * msPerTick
      } catch {
        return undefined
      }
    },
    end: async () => {
      await writer.close().catch(() => {})
      await child.status
    },
  }
}
