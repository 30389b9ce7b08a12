/**
 * Makes a failing run small: takes fault kinds and operations away as long as the same promise is still broken.
 * @module
 */
import { allKinds, type Faults, type Kind } from "./Faults.ts"
import { type Cut, noCut, type Violation } from "./run.ts"

/** Runs spent on one failure. */
const runsMax = 120

/** How a part of the simulation is run once more, and judged. */
export interface Part<R extends { readonly faults: Faults }> {
  readonly again: (cut: Cut) => Promise<R>
  readonly check: (run: R) => ReadonlyArray<Violation>
  /** What may be cut out, numbered from 0. */
  readonly operations: number
}

export interface Shrunk<R> {
  readonly run: R
  readonly cut: Cut
  readonly message: string
}

export const shrink = async <R extends { readonly faults: Faults }>(
  { again, check, operations }: Part<R>,
  failing: R,
  { invariant, message }: Violation,
): Promise<Shrunk<R>> => {
  let best: Shrunk<R> = { run: failing, cut: noCut, message }
  let runs = 0
  const attempt = async (cut: Cut): Promise<boolean> => {
    if (runs++ >= runsMax) return false
    const smaller = await again(cut)
    const found = check(smaller).find((violation) => violation.invariant === invariant)
    if (found !== undefined) best = { run: smaller, cut, message: found.message }
    return found !== undefined
  }
  for (const kind of allKinds.filter((kind) => failing.faults.isEnabled(kind))) {
    await attempt({ ...best.cut, faults: new Set<Kind>([...best.cut.faults, kind]) })
  }
  // Large pieces first: most operations have nothing to do with it.
  for (let width = Math.ceil(operations / 2); width >= 1; width = width === 1 ? 0 : Math.ceil(width / 2)) {
    for (let from = 0; from < operations; from += width) {
      const piece = Array.from({ length: width }, (_, i) => from + i).filter((n) => n < operations)
      if (piece.every((n) => best.cut.operations.has(n))) continue
      await attempt({ ...best.cut, operations: new Set([...best.cut.operations, ...piece]) })
    }
  }
  return best
}
