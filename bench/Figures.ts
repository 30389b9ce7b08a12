/**
 * What one run measured, and the spread of a figure over the rounds.
 * @module
 */

/** Figures by name; the name ends in the unit. A flight's are those of `Flight.ts`. */
export type Figures = Readonly<Record<string, number>>

/** One round of a workload: what each subject did in it. */
export type Round = Readonly<Record<string, Figures>>

/** One subject, one workload, one process. */
export interface Measurement {
  readonly subject: string
  readonly workload: string
  readonly figures: Figures
  /** What is wrong with the work that was done; a run with faults counts for nothing. */
  readonly faults: ReadonlyArray<string>
}

export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

export const spread = (values: ReadonlyArray<number>): Spread => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (n: number) => sorted[Math.min(n, sorted.length - 1)] ?? Number.NaN
  const middle = Math.floor(sorted.length / 2)
  return {
    min: at(0),
    median: sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2,
    max: at(sorted.length - 1),
  }
}

export const median = (values: ReadonlyArray<number>): number => spread(values).median

/** Rounded to so many digits behind the point. */
export const round = (value: number, digits: number): number => Number(value.toFixed(digits))

/** Three digits at most, none behind the point for thousands. */
export const figure = (value: number): string =>
  !Number.isFinite(value)
    ? "never"
    : value >= 100
    ? Math.round(value).toLocaleString("en-GB")
    : String(Number(value.toPrecision(3)))

export const figures = ({ min, median, max }: Spread): string =>
  `${figure(min)} / **${figure(median)}** / ${figure(max)}`
