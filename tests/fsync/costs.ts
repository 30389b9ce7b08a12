/**
 * What each kind of command costs the SQLite store: statements run and fsyncs waited for, from the host's door on.
 *
 * The numbers are asserted by `costs.test.ts` (statements) and `main.ts` (fsyncs), and shown in `docs/costs.md`.
 * @module
 */

export interface Cost {
  readonly kind: string
  /** All statements of the command, `BEGIN`, `COMMIT` and `PRAGMA data_version` included. */
  readonly statements: number
  readonly fsyncs: number
}

/** In the order in which `kinds.ts` does them; `warm` means that the actor is in memory. */
export const costs: ReadonlyArray<Cost> = [
  { kind: "accepted, new stream", statements: 7, fsyncs: 1 },
  { kind: "accepted, warm", statements: 6, fsyncs: 1 },
  { kind: "accepted, warm, id given", statements: 8, fsyncs: 1 },
  { kind: "accepted, warm, three events", statements: 8, fsyncs: 1 },
  { kind: "accepted, cold", statements: 11, fsyncs: 1 },
  { kind: "rejected, warm", statements: 7, fsyncs: 1 },
  { kind: "rejected, warm, id given", statements: 7, fsyncs: 1 },
  { kind: "no-op, warm", statements: 7, fsyncs: 1 },
  { kind: "repeated, accepted before", statements: 4, fsyncs: 0 },
  { kind: "repeated, rejected before", statements: 5, fsyncs: 0 },
  { kind: "read, warm", statements: 1, fsyncs: 0 },
  { kind: "read, cold", statements: 6, fsyncs: 0 },
  { kind: "invalid payload", statements: 0, fsyncs: 0 },
  { kind: "64 accepted at once, one stream", statements: 9, fsyncs: 1 },
  { kind: "64 accepted at once, 64 warm streams", statements: 9, fsyncs: 1 },
]

/** The table of `docs/costs.md`. */
export const table = (): string =>
  [
    "| command | statements | fsyncs |",
    "| --- | --- | --- |",
    ...costs.map(({ kind, statements, fsyncs }) => `| ${kind} | ${statements} | ${fsyncs} |`),
  ].join("\n")
