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
  readonly kill: () => void
}

export const app = ["--app", "tests/kill/app.ts"]

export const start = (...args: ReadonlyArray<string>): Running => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "cli/main.ts", ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn()
  const text = new TextDecoder()
  return {
    said: child.output().then(({ code, stderr, stdout }) => ({
      code,
      out: text.decode(stdout),
      err: text.decode(stderr),
    })),
    kill: () => {
      try {
        child.kill("SIGKILL")
      } catch {
        // It has ended by itself.
      }
    },
  }
}

export const nexus = (...args: ReadonlyArray<string>): Promise<Said> => start(...args).said
