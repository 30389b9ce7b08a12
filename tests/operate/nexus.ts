/**
 * The command line as a process of its own.
 * @module
 */

export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly said: Promise<Said>
  readonly kill: (signal?: Deno.Signal) => void
}

export const app = ["--app", "tests/kill/app.ts"]

/** Quiet: what Deno says of a cold cache would stand among the verb's own words. */
const spawn = (args: ReadonlyArray<string>): Deno.ChildProcess =>
  new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "cli/main.ts", ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn()

export const start = (...args: ReadonlyArray<string>): Running => {
  const child = spawn(args)
  const text = new TextDecoder()
  return {
    said: child.output().then(({ code, stderr, stdout }) => ({
      code,
      out: text.decode(stdout),
      err: text.decode(stderr),
    })),
    kill: (signal = "SIGKILL") => {
      try {
        child.kill(signal)
      } catch {
        // It has ended by itself.
      }
    },
  }
}

/** Nobody reads its standard output. */
export const unread = async (...args: ReadonlyArray<string>): Promise<Omit<Said, "out">> => {
  const child = spawn(args)
  await child.stdout.cancel()
  const [{ code }, err] = await Promise.all([child.status, new Response(child.stderr).text()])
  return { code, err }
}

export const nexus = (...args: ReadonlyArray<string>): Promise<Said> => start(...args).said
