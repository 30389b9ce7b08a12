/**
 * Values as sorted, readable JSON, and the lines in which two of them differ.
 * @module
 */

/** Lines beyond this are cut: a mismatch is read by a person. */
const linesMax = 60

const plain = (_key: string, value: unknown): unknown => {
  if (typeof value === "bigint") return `${value}n`
  if (value === undefined) return "(undefined)"
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  // Sorted keys, so that the order in which two objects were built never shows as a difference.
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Indented JSON with sorted keys; `undefined` and bigints are shown, not lost. */
export const show = (value: unknown): string => JSON.stringify(value, plain, 2) ?? String(value)

/** Lines only in `expected` begin with `-`, lines only in `actual` with `+`; common lines stand between. */
export const diff = (expected: unknown, actual: unknown): string => {
  const [before, after] = [show(expected).split("\n"), show(actual).split("\n")]
  const common = longest(before, after)
  const lines: Array<string> = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push(`  ${before[i++]}`)
      j++
    } else if (j === after.length || (i < before.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      lines.push(`- ${before[i++]}`)
    } else lines.push(`+ ${after[j++]}`)
  }
  return lines.length <= linesMax
    ? lines.join("\n")
    : `${lines.slice(0, linesMax).join("\n")}\n  … ${lines.length - linesMax} lines more`
}

/** `table[i][j]` = length of the longest common subsequence of `a` from i and `b` from j. */
const longest = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<number>> => {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i]![j] = a[i] === b[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!)
    }
  }
  return table
}
