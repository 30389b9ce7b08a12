/**
 * Lines of the log that broken code, or whoever asks for it again and again, would write without end: of each place one a
 * while. Metrics count every one.
 * @module
 */
import { Clock, Effect } from "effect"
import type { Limits } from "../core/Limits.ts"
import * as Defect from "./Defect.ts"
import { elapsedMs } from "./Host.ts"

export interface Rarely {
  /** Writes the line, or nothing; says in `leftOut` how many were not written since the one before, where any were. */
  readonly say: (place: string, line: Effect.Effect<void>) => Effect.Effect<void>
  /** As `Defect.log`; a place is where in the code it broke, together with `about`: let that have few values. */
  readonly defect: typeof Defect.log
}

interface Said {
  atMs: number
  leftOut: number
}

/** Each place has its line every `Limits.logLineMs`; those behind the first `Limits.logPlaces` are one place. */
export const make = ({ logLineMs, logPlaces }: Limits): Rarely => {
  const places = new Map<string, Said>()
  const say: Rarely["say"] = (named, line) =>
    Effect.flatMap(Clock.Clock, (clock) => {
      const place = places.has(named) || places.size < logPlaces ? named : "others"
      const [now, last] = [elapsedMs(clock), places.get(place)]
      if (last !== undefined && now - last.atMs < logLineMs) {
        last.leftOut++
        return Effect.void
      }
      places.set(place, { atMs: now, leftOut: 0 })
      return last === undefined || last.leftOut === 0 ? line : Effect.annotateLogs(line, { leftOut: last.leftOut })
    })
  return {
    say,
    defect: (what, defect, about = {}) => {
      const { frames, name } = Defect.describe(defect)
      return say([what, ...Object.values(about), name, frames[0]].join(" "), Defect.log(what, defect, about))
    },
  }
}
