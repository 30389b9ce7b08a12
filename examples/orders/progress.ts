/**
 * A progress bar as text, for a terminal that overwrites its line.
 * @module
 */

const width = 40

/** `[█████░░░░░] 250/500 invoices`; begins by returning to the start of the line. */
export const bar = (done: number, total: number): string => {
  const filled = total === 0 ? width : Math.floor((done / total) * width)
  return `\r[${"█".repeat(filled)}${"░".repeat(width - filled)}] ${done}/${total} invoices`
}
