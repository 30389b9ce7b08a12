/**
 * How far the bench is and when it will be done: a bar on a terminal, plain lines elsewhere.
 * @module
 */

const width = 30
/** Of a run nobody has measured yet. */
const guessMs = 4_000

export interface Progress {
  /** A run ended after `ms`; `line` is said above the bar. */
  readonly done: (kind: string, ms: number, line: string) => void
  readonly end: () => void
}

/** `2:05` */
export const clock = (ms: number): string => {
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}

/** `[=====     ] 12/60, 3:10 left` */
export const bar = (done: number, total: number, leftMs: number): string => {
  const filled = total === 0 ? width : Math.floor(done / total * width)
  return `[${"=".repeat(filled)}${" ".repeat(width - filled)}] ${done}/${total}, ${clock(leftMs)} left`
}

/** What is left by what runs of the same kind took; `kinds` lists all runs. */
export const start = (kinds: ReadonlyArray<string>, terminal: boolean, write: (text: string) => void): Progress => {
  const left = [...kinds]
  const took = new Map<string, number>()
  const known = () => took.size === 0 ? guessMs : [...took.values()].reduce((sum, ms) => sum + ms, 0) / took.size
  const draw = () => {
    if (!terminal) return
    const leftMs = left.reduce((sum, kind) => sum + (took.get(kind) ?? known()), 0)
    write(`\r\x1b[K${bar(kinds.length - left.length, kinds.length, leftMs)}`)
  }
  draw()
  return {
    done: (kind, ms, line) => {
      left.splice(left.indexOf(kind), 1)
      took.set(kind, ms)
      write(`${terminal ? "\r\x1b[K" : ""}${line}\n`)
      draw()
    },
    end: () => {
      if (terminal) write("\r\x1b[K")
    },
  }
}
