/**
 * Makes a failing run small: takes fault kinds and operations away as long as the same promise is still broken.
 * @module
 */
import { allKinds, type Kind } from "./Faults.ts"
import { check } from "./invariants/check.ts"
import { type Cut, noCut, type Run, run, type Scenario } from "./run.ts"

/** Runs spent on one failure. */
const runsMax = 120

export interface Shrunk {
  readonly run: Run
  readonly cut: Cut
  readonly message: string
}

export const shrink = async (scenario: Scenario, failing: Run, invariant: number, message: string): Promise<Shrunk> => {
  const { seed } = failing.world
  let best: Shrunk = { run: failing, cut: noCut, message }
  let runs = 0
  const attempt = async (cut: Cut): Promise<boolean> => {
    if (runs++ >= runsMax) return false
    const smaller = await run(scenario, seed, cut)
    const found = check(smaller).find((violation) => violation.invariant === invariant)
    if (found !== undefined) best = { run: smaller, cut, message: found.message }
    return found !== undefined
  }
  for (const kind of allKinds.filter((kind) => failing.faults.isEnabled(kind))) {
    await attempt({ ...best.cut, faults: new Set<Kind>([...best.cut.faults, kind]) })
  }
  // Large pieces first: most operations have nothing to do with it.
  const operations = scenario.size.operations + scenario.size.questions
  for (let width = Math.ceil(operations / 2); width >= 1; width = width === 1 ? 0 : Math.ceil(width / 2)) {
    for (let from = 0; from < operations; from += width) {
      const piece = Array.from({ length: width }, (_, i) => from + i).filter((n) => n < operations)
      if (piece.every((n) => best.cut.operations.has(n))) continue
      await attempt({ ...best.cut, operations: new Set([...best.cut.operations, ...piece]) })
    }
  }
  return best
}
