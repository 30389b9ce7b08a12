/**
 * The clients: each sends one command at a time and repeats it, under its id, until there is a definite answer.
 * @module
 */
import { type Answer, close, type Entry, type Intent, type Ledger, missed, open } from "./Ledger.ts"

export interface Target {
  readonly url: string
  /** Of other processes on the same data: clients take turns, and repeat at the next. */
  readonly others?: ReadonlyArray<string>
  /** Each client is a principal of its own, all of one tenant. */
  readonly tokens: ReadonlyArray<string>
}

/** A command whose outcome cannot be had for so long is given up, and found by the checker. */
const resolveMs = 60_000
/** Longer than the server's own bound on an answer. */
const answerMs = 35_000
const pauseMs = 25

/** Small, seeded, good enough to choose commands: mulberry32. */
export const randomOf = (seed: number): () => number => {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6D2B79F5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Hot accounts that all clients share, and fresh ones; with refusals, no-ops and appends of several events. */
const intentOf = (client: number, n: number, random: () => number): Intent => {
  const id = random() < 0.7 ? `shared-${Math.floor(random() * 8)}` : `own-${client}-${Math.floor(n / 3)}`
  const kind = random()
  const [command, payload] = kind < 0.6
    ? ["Deposit", { pence: 1 + Math.floor(random() * 100) }] as const
    : kind < 0.8
    ? ["Withdraw", { pence: 1 + Math.floor(random() * 400) }] as const
    : kind < 0.95
    ? ["DepositParts", { pence: 2, parts: 3 }] as const
    : ["Audit", {}] as const
  return { commandId: `c${client}-${n}`, id, command, payload }
}

/** No definite answer yet: no connection, a timeout, too much to do, an unknown outcome. */
export interface Indefinite {
  readonly status: undefined
  readonly why: string
}

export const send = async (
  { others = [], tokens, url: first }: Target,
  client: number,
  intent: Intent,
  attempt = 0,
): Promise<Answer | Indefinite> => {
  const url = [first, ...others][(client + attempt) % (1 + others.length)]!
  try {
    const response = await fetch(`${url}/v1/Account/${intent.id}/commands/${intent.command}`, {
      method: "POST",
      headers: {
        "authorization": `Bearer ${tokens[client % tokens.length]}`,
        "content-type": "application/json",
        "idempotency-key": intent.commandId,
      },
      body: JSON.stringify(intent.payload),
      signal: AbortSignal.timeout(answerMs),
    })
    const text = await response.text()
    const isDefinite = response.status !== 408 && response.status !== 429 && response.status < 500
    return isDefinite
      ? { status: response.status, text }
      : { status: undefined, why: `${response.status} ${typeOf(text)}` }
  } catch (error) {
    return { status: undefined, why: (error as Error).name }
  }
}

/** The `type` of a problem. */
const typeOf = (text: string): string => /"type":"([^"]*)"/.exec(text)?.[1] ?? ""

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Repeats until there is a definite answer. */
const resolve = async (target: Target, client: number, ledger: Ledger, entry: Entry): Promise<void> => {
  const giveUpAt = performance.now() + resolveMs
  while (performance.now() < giveUpAt) {
    const answer = await send(target, client, entry, entry.unanswered)
    if (answer.status !== undefined) return close(ledger, entry, answer)
    missed(ledger, entry, answer.why)
    await pause(pauseMs)
  }
}

export interface Load {
  /** Resolves once every client has an answer to its last command. */
  readonly stop: () => Promise<void>
}

/** Starts `clients` clients that send until they are stopped. */
export const start = (target: Target, clients: number, ledger: Ledger, seed: number): Load => {
  let stopped = false
  const client = async (index: number): Promise<void> => {
    const random = randomOf(seed * 1_000 + index)
    for (let n = 0; !stopped; n++) await resolve(target, index, ledger, open(ledger, intentOf(index, n, random)))
  }
  const all = Promise.all(Array.from({ length: clients }, (_, index) => client(index)))
  return {
    stop: async () => {
      stopped = true
      await all
    },
  }
}
