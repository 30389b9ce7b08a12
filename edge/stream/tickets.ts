/**
 * One-time tickets: a page that can set no header gets one with its token and opens its socket with it.
 *
 * They live in this process alone: a ticket is good where it was given. A copy of the memory opens nothing, for what is
 * kept is their hash.
 * @module
 */
import type { Limits } from "../../core/Limits.ts"
import type { Identity } from "../auth.ts"

export interface Tickets {
  /** A fresh ticket. A principal with too many loses its oldest. */
  readonly give: (identity: Identity, nowMs: number) => string
  /** Whose ticket it is; nothing where it is none, was used, or is too old. It is used up. */
  readonly take: (ticket: string, nowMs: number) => Identity | undefined
}

interface Kept {
  readonly identity: Identity
  readonly until: number
}

const bytes = 32

const fresh = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("")

export const make = (
  sha256: (text: string) => string,
  { ticketMs, tickets: max, ticketsPerPrincipal }: Pick<Limits, "ticketMs" | "tickets" | "ticketsPerPrincipal">,
): Tickets => {
  /** By hash, oldest first: all live equally long. */
  const kept = new Map<string, Kept>()
  const drop = (hash: string | undefined) => hash !== undefined && kept.delete(hash)
  const expire = (nowMs: number) => {
    for (const [hash, { until }] of kept) {
      // A clock that was set back must not make them live longer.
      if (nowMs < until && until - nowMs <= ticketMs) break
      kept.delete(hash)
    }
  }
  return {
    give: (identity, nowMs) => {
      expire(nowMs)
      let [count, oldest]: [number, string | undefined] = [0, undefined]
      for (const [hash, { identity: { subject, tenant } }] of kept) {
        if (tenant !== identity.tenant || subject !== identity.subject) continue
        oldest ??= hash
        count++
      }
      if (count >= ticketsPerPrincipal) drop(oldest)
      if (kept.size >= max) drop(kept.keys().next().value)
      const ticket = fresh()
      kept.set(sha256(ticket), { identity, until: nowMs + ticketMs })
      return ticket
    },
    take: (ticket, nowMs) => {
      expire(nowMs)
      const hash = sha256(ticket)
      const found = kept.get(hash)
      kept.delete(hash)
      return found?.identity
    },
  }
}
