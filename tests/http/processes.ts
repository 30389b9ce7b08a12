/**
 * The boxes' server as a process, in a folder that all of a test file's processes share.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface Running {
  readonly child: Deno.ChildProcess
  readonly text: () => string
  /** The exit code. */
  readonly ended: Promise<number>
  readonly hasEnded: () => boolean
}

const children: Array<Deno.ChildProcess> = []
export const folder = mkdtempSync(join(tmpdir(), "nexus-process-"))

export const launch = (
  env: Record<string, string>,
  script: ReadonlyArray<string> = ["tests/http/main.ts"],
): Running => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...script],
    env: { NEXUS_DATA: folder, PORT: "0", NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn()
  children.push(child)
  let [text, over] = ["", false]
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const chunk of stream) text += new TextDecoder().decode(chunk)
  }
  const ended = Promise.all([child.status, read(child.stdout), read(child.stderr)]).then(([{ code }]) => {
    over = true
    return code
  })
  return { child, text: () => text, ended, hasEnded: () => over }
}

export const until = async (is: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  for (let tries = 0; tries < 400; tries++) {
    if (await is()) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`not in time: ${what}`)
}

/** Starts it and reads from its greeting what a newcomer would copy. */
export const start = async (env: Record<string, string> = {}) => {
  const running = launch(env)
  await until(() => /curl/.test(running.text()) || running.hasEnded(), `a greeting: ${running.text()}`)
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(running.text())![0]
  const token = /TOKEN=(\S+)/.exec(running.text())![1]!
  const put = (id: string, key: string) =>
    fetch(`${url}/v1/Box/${id}/commands/Put`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key },
      body: '{"text":"x"}',
    })
  return { ...running, url, port: Number(new URL(url).port), token, put }
}

/** Ends all that were started, without asking. */
export const killAll = async (): Promise<void> => {
  for (const child of children.splice(0)) {
    try {
      child.kill("SIGKILL")
    } catch {
      // It has ended by itself.
    }
    await child.status
  }
}
export const forget = (): void => rmSync(folder, { recursive: true, force: true })
