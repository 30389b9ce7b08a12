/**
 * How far a verb is, on standard error: one line that is written over on a terminal, a line now and then elsewhere.
 * @module
 */
import type { Progress } from "./Verb.ts"

export interface Screen {
  readonly write: (text: string) => void
  readonly nowMs: () => number
  /** The line can be written over. */
  readonly terminal: boolean
}

const barWidth = 24
const terminalEveryMs = 100
const elsewhereEveryMs = 1_000

const number = (value: number): string => Math.round(value).toLocaleString("en-US")
const clock = (seconds: number): string =>
  seconds >= 3_600
    ? `${Math.floor(seconds / 3_600)}h${String(Math.floor(seconds / 60) % 60).padStart(2, "0")}m`
    : `${Math.floor(seconds / 60)}m${String(Math.floor(seconds) % 60).padStart(2, "0")}s`

/** `importing [######------] 50% 1,000/2,000 events 500/s 0m02s left`; the rate counts from `before`, `seconds` ago. */
export const line = (
  step: string,
  done: number,
  total: number | undefined,
  unit: string,
  seconds: number,
  before: number,
): string => {
  const rate = seconds > 0 ? (done - before) / seconds : 0
  const speed = `${number(rate)}/s`
  if (total === undefined || total === 0) return `${step} ${number(done)} ${unit} ${speed}`
  const part = Math.min(1, done / total)
  const bar = "#".repeat(Math.round(part * barWidth)).padEnd(barWidth, "-")
  const left = rate > 0 && done < total ? ` ${clock((total - done) / rate)} left` : ""
  return `${step} [${bar}] ${Math.floor(part * 100)}% ${number(done)}/${number(total)} ${unit} ${speed}${left}`
}

export interface Reporter {
  readonly report: Progress
  /** Ends the line that is written over, so that what follows stands on its own. */
  readonly end: () => void
}

/** Says at most a few lines a second; the first of each step and its end are always said. */
export const make = ({ nowMs, terminal, write }: Screen): Reporter => {
  let step = ""
  let [startMs, startDone, saidMs] = [0, 0, 0]
  let open = false
  const end = () => {
    if (open && terminal) write("\n")
    open = false
  }
  return {
    end,
    report: (name, done, total, unit) => {
      const now = nowMs()
      const begins = name !== step
      if (begins) {
        end()
        step = name
        startMs = now
        startDone = done
      }
      const every = terminal ? terminalEveryMs : elsewhereEveryMs
      if (!begins && done !== total && now - saidMs < every) return
      saidMs = now
      const text = line(name, done, total, unit, (now - startMs) / 1_000, startDone)
      write(terminal ? `\r${text}\x1b[K` : `${text}\n`)
      open = true
    },
  }
}

export const silent: Reporter = { report: () => {}, end: () => {} }
