/**
 * One direction of a connection: texts arrive in order, each as a task of the process at the other end, or never.
 * @module
 */
import type { Process } from "./Process.ts"

export interface Pipe {
  readonly push: (text: string) => void
  /** Characters that have not arrived. */
  readonly waiting: () => number
  /** Nothing arrives any more. */
  readonly cut: () => void
  /** Holds what comes until it is let go. */
  readonly hold: (held: boolean) => void
}

export const make = (to: Process, arrive: (text: string) => void): Pipe => {
  const texts: Array<string> = []
  let [waiting, whole, held, posted] = [0, true, false, false]
  const step = () => {
    posted = false
    if (!whole || held) return
    const text = texts.shift()
    if (text === undefined) return
    waiting -= text.length
    arrive(text)
    post()
  }
  const post = () => {
    if (posted || held || texts.length === 0) return
    posted = true
    to.post(step)
  }
  return {
    push: (text) => {
      if (!whole) return
      texts.push(text)
      waiting += text.length
      post()
    },
    waiting: () => waiting,
    cut: () => {
      whole = false
      texts.length = waiting = 0
    },
    hold: (hold) => {
      held = hold
      post()
    },
  }
}
