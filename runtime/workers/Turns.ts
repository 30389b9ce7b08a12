/**
 * One at a time for each key, in the order in which turns were taken; keys do not wait for each other.
 * @module
 */
import { Effect } from "effect"

export interface Turn {
  /** Waits for those before it. */
  readonly comes: Effect.Effect<void>
  /** Lets the next one go; idempotent. Must be called in the end, also of a turn that never came. */
  readonly end: () => void
}

export interface Turns {
  /** Takes its place now, before the caller lets anything else run. */
  readonly take: (key: string) => Turn
  readonly within: (key: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** The same; gives its place up, and answers with nothing, where its turn does not come for so long. */
  readonly soon: (key: string, ms: number) => <A, E, R>(
    effect: Effect.Effect<A, E, R>,
  ) => Effect.Effect<A | undefined, E, R>
}

interface Waiting {
  go: (() => void) | undefined
}

export const make = (): Turns => {
  /** The first of each has its turn; a key without any is not kept. */
  const lines = new Map<string, Array<Waiting>>()

  const take = (key: string): Turn => {
    const line = lines.get(key) ?? []
    lines.set(key, line)
    const mine: Waiting = { go: undefined }
    line.push(mine)
    return {
      comes: Effect.callback((resume) => {
        if (line[0] === mine) resume(Effect.void)
        else mine.go = () => resume(Effect.void)
      }),
      end: () => {
        const index = line.indexOf(mine)
        if (index < 0) return
        line.splice(index, 1)
        if (line.length === 0) lines.delete(key)
        else if (index === 0) line[0]!.go?.()
      },
    }
  }

  const taken = <A, E, R>(key: string, use: (turn: Turn) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const turn = take(key)
        return Effect.ensuring(restore(use(turn)), Effect.sync(turn.end))
      })
    )

  return {
    take,
    within: (key) => (effect) => taken(key, ({ comes }) => Effect.andThen(comes, effect)),
    soon: (key, ms) => (effect) =>
      taken(key, ({ comes }) =>
        Effect.flatMap(
          Effect.timeoutOption(comes, ms),
          ({ _tag }) => _tag === "Some" ? effect : Effect.succeed(undefined),
        )),
  }
}
