/**
 * What runs inside the browser: the bundled client and a few conversations with it, each with a plain answer.
 * @module
 */
import { connect, type ConnectOptions, NexusError } from "../../edge/client/client.ts"
import type { Box } from "../http/app.ts"

const open = (options: ConnectOptions) => connect<{ Box: typeof Box }>(options)

const refusal = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => undefined, (error: unknown) => {
    if (!(error instanceof NexusError)) return String(error)
    const { commandId, members, retryAfterSeconds, status, type } = error
    return { type, status, commandId, retryAfterSeconds, members }
  })

export const conversations = {
  commands: async (options: ConnectOptions, id: string) => {
    const box = open(options).Box(id)
    const first = await box.Put({ text: "x" }, { commandId: "k-1" })
    const again = await box.Put({ text: "x" }, { commandId: "k-1" })
    const rejected = await box.Unlock({ code: "geheim" })
    const stale = await refusal(box.Put({ text: "x" }, { ifMatch: 0 }))
    const state = await box.state()
    return { first, again, rejected: rejected.ok ? undefined : rejected.rejection, stale, state }
  },
  /** The first token is none. */
  renewed: async (options: ConnectOptions, id: string) => {
    const tokens = () => {
      const asked = ["a.b.c", options.token as string]
      return () => asked.length > 1 ? asked.shift()! : asked[0]!
    }
    const { ok } = await open({ ...options, token: tokens() }).Box(id).Put({ text: "x" })
    const client = open({ ...options, token: tokens() })
    const { value } = await client.Box.live({ ids: { [id]: 0 } }).next()
    client.close()
    return { ok, version: value?.version }
  },
  limited: (options: ConnectOptions) => {
    const { Box } = open({ ...options, bounds: { attempts: 1 } })
    return Promise.all(Array.from({ length: 12 }, () => refusal(Box("limited").Look())))
  },
  /** Writes while it listens; says what it heard. */
  live: async (options: ConnectOptions, id: string, count: number) => {
    const client = open({ ...options, bounds: { attempts: 30 } })
    const stream = client.Box.live({ ids: { [id]: 0 } })
    const feed = client.live()
    await feed.ready
    const written: Array<unknown> = []
    const write = async () => {
      for (let n = 0; n < count; n++) {
        const answer = await client.Box(id).Put({ text: String(n) })
        written.push(answer.ok && answer.version)
      }
    }
    const read = async (from: typeof stream) => {
      const versions: Array<number> = []
      for await (const event of from) if (event.id === id && versions.push(event.version) === count) break
      return versions
    }
    const [, heard, fed] = await Promise.all([write(), read(stream), read(feed)])
    client.close()
    return { written, heard, fed }
  },
  denied: async (options: ConnectOptions) => {
    const client = open({ ...options, bounds: { attempts: 2, reconnects: 2 } })
    return [await refusal(client.Box("denied").state()), await refusal(client.live().next())]
  },
}
Object.assign(globalThis, { conversations })
