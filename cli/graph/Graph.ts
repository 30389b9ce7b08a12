/**
 * Who talks to whom, from the facts: services, and between two of them one edge for each way in which they meet.
 *
 * Events flow from who stores them to who listens; everything else points at who is asked.
 * @module
 */
import type { Facts } from "../../policies/Facts.ts"

export interface Place {
  readonly file: string
  readonly line: number
}

/** `ask`, `http` and `internal` tie two services together: one waits for the other, or breaks with it. */
export type Kind = "event" | "bus" | "ask" | "http" | "contract" | "internal"

export interface Edge {
  readonly from: string
  readonly to: string
  readonly kind: Kind
  /** What is sent, asked or imported, each once. */
  readonly names: ReadonlyArray<string>
  readonly places: ReadonlyArray<Place>
}

export interface Service {
  readonly name: string
  readonly owns: ReadonlyArray<string>
}

export interface Graph {
  readonly app: string
  readonly services: ReadonlyArray<Service>
  /** By from, to and kind. */
  readonly edges: ReadonlyArray<Edge>
}

export const isSynchronous = ({ kind }: Pick<Edge, "kind">): boolean => kind === "ask" || kind === "http"
/** Shown in red: what no policy lets through. */
export const isWrong = (edge: Pick<Edge, "kind">): boolean => isSynchronous(edge) || edge.kind === "internal"

export const words: { readonly [K in Kind]: string } = {
  event: "events",
  bus: "bus commands",
  ask: "asks and waits",
  http: "requests and waits",
  contract: "imports the contract",
  internal: "imports what is internal",
}

/** Stands for what nobody can tell. */
const unknown = "?"

/** The last part of `Payment.PaymentTaken`. */
const short = (name: string): string => name.split(".").at(-1)!

export const make = ({ app, calls, imports, services }: Facts): Graph => {
  const edges = new Map<string, { -readonly [K in keyof Edge]: Edge[K] }>()
  const add = (from: string, to: string, kind: Kind, name: string, { file, line }: Place): void => {
    const key = JSON.stringify([from, to, kind])
    const edge = edges.get(key) ?? { from, to, kind, names: [], places: [] }
    if (!edge.names.includes(name)) edge.names = [...edge.names, name]
    const known = edge.places.some((one) => one.file === file && one.line === line)
    edges.set(key, known ? edge : { ...edge, places: [...edge.places, { file, line }] })
  }
  for (const { aggregate, from, how, to, ...place } of calls) {
    const [asker, asked] = [from || unknown, to || unknown]
    if (how === "event") add(asked, asker, "event", short(aggregate), place)
    else add(asker, asked, how, how === "bus" ? short(aggregate) : aggregate, place)
  }
  for (const { from, kind, specifier, to, ...place } of imports) {
    add(from || unknown, to === "*" ? unknown : to || unknown, kind, specifier, place)
  }
  const ordered = [...edges].toSorted(([a], [b]) => a < b ? -1 : 1).map(([, edge]) => edge)
  const named = services.map(({ name, owns }) => ({ name, owns }))
  const strangers = ordered.some(({ from, to }) => from === unknown || to === unknown)
  return { app, services: strangers ? [...named, { name: unknown, owns: [] }] : named, edges: ordered }
}
