/**
 * The server under test as a process: started, waited for, killed.
 * @module
 */

export interface Options {
  /** Where the data lives, over all restarts. */
  readonly folder: string
  readonly port: number
  /** Beside what says where it listens and has its data. */
  readonly env?: Readonly<Record<string, string>>
  /** Put in front of the command line, `strace` for example. */
  readonly under?: ReadonlyArray<string>
  readonly arguments?: ReadonlyArray<string>
}

export interface Server {
  readonly url: string
  /** Milliseconds until `/health/ready` said yes; nothing where that took longer than `msMax` or the process ended. */
  readonly ready: (msMax: number) => Promise<number | undefined>
  /** Ends the process without warning and waits until it is gone. */
  readonly kill: () => Promise<void>
  /** Asks the process to end and waits until it has. */
  readonly stop: () => Promise<number>
  /** What it wrote to its error output, at most the last 64 KiB. */
  readonly errors: () => string
}

const entry = new URL("server.ts", import.meta.url).pathname
const host = "127.0.0.1"
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Keeps the newest text of a stream, so that a process never waits for a reader. */
const tail = (stream: ReadableStream<Uint8Array>): () => string => {
  const decoder = new TextDecoder()
  let text = ""
  const read = async () => {
    for await (const chunk of stream) text = (text + decoder.decode(chunk, { stream: true })).slice(-65_536)
  }
  read().catch(() => {})
  return () => text
}

export const start = (options: Options): Server => {
  const [command = "", ...args] = [
    ...options.under ?? [],
    Deno.execPath(),
    "run",
    "-A",
    entry,
    ...options.arguments ?? [],
  ]
  const where = { NEXUS_DATA: options.folder, NEXUS_ENV: "development", NEXUS_HOST: host, PORT: String(options.port) }
  const env = { ...where, ...options.env }
  const startedAt = performance.now()
  const child = new Deno.Command(command, { args, env, stdin: "null", stdout: "null", stderr: "piped" }).spawn()
  const errors = tail(child.stderr)
  const url = `http://${host}:${options.port}`
  let ended = false
  child.status.then(() => ended = true)
  return {
    url,
    errors,
    ready: async (msMax) => {
      while (!ended && performance.now() - startedAt < msMax) {
        const status = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(1_000) }).then(
          async (response) => {
            await response.body?.cancel()
            return response.status
          },
          () => undefined,
        )
        if (status === 200) return performance.now() - startedAt
        await pause(20)
      }
      return undefined
    },
    kill: async () => {
      if (!ended) child.kill("SIGKILL")
      await child.status
    },
    stop: async () => {
      if (!ended) child.kill("SIGTERM")
      return (await child.status).code
    },
  }
}

/** A port that nobody listens on now. */
export const freePort = (): number => {
  const listener = Deno.listen({ hostname: host, port: 0 })
  const { port } = listener.addr as Deno.NetAddr
  listener.close()
  return port
}
