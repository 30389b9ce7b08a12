/**
 * Checks of a script: a line each, and at the end the count that the runner of all suites reads.
 * @module
 */

export interface Checks {
  /** Passes where nothing was found; shows the first few sentences otherwise. */
  readonly check: (name: string, found: ReadonlyArray<string>) => void
  /** Prints the count as the last line and ends the process. */
  readonly finish: (skipped?: number) => never
}

const shown = 10

export const make = (): Checks => {
  let passed = 0
  let failed = 0
  return {
    check: (name, found) => {
      if (found.length === 0) passed++
      else failed++
      console.log(`${found.length === 0 ? "ok" : "FAILED"}  ${name}`)
      for (const fault of found.slice(0, shown)) console.log(`        ${fault}`)
      if (found.length > shown) console.log(`        and ${found.length - shown} more`)
    },
    finish: (skipped = 0) => {
      console.log(JSON.stringify({ passed, failed, skipped }))
      Deno.exit(failed === 0 ? 0 : 1)
    },
  }
}
