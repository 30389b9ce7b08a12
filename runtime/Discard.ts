/**
 * Asks something of dead letters: that the event be given up at which one stands, exactly the one that was seen, and never
 * the router's; or else that it be tried again.
 *
 * A router that went past an event would send the later ones of its stream, while consumers still meet the one left out
 * wherever they read the stream from the store: in a gap, a walk, a redrive. So each consumer gives it up for itself.
 * @module
 */
import { Effect, Schema } from "effect"
import { type Ask, type DeadLetter, DeadLetters, router } from "../core/DeadLetters.ts"

/** The letter stands at `version` now, not at the one that was seen: look at it again. Nothing was asked for. */
export class LetterChanged extends Schema.TaggedError<LetterChanged>()("LetterChanged", { version: Schema.Int }) {}
/** It is the router's: mend the cause and redrive it; what a consumer cannot handle then, it can give up. */
export class NotDiscardable extends Schema.TaggedError<NotDiscardable>()("NotDiscardable", {}) {}

export const isDiscardable = ({ consumer }: Pick<DeadLetter, "consumer">): boolean => consumer !== router

/** Whether it may be asked of this letter, where `version` is what was seen of it. */
export const check = (
  letter: DeadLetter,
  version: number | undefined,
): Effect.Effect<DeadLetter, LetterChanged | NotDiscardable> =>
  !isDiscardable(letter)
    ? Effect.fail(new NotDiscardable())
    : version === undefined || letter.version === version
    ? Effect.succeed(letter)
    : Effect.fail(new LetterChanged({ version: letter.version }))

/**
 * Answers with the row, the same one the second time; nothing where it is gone. A redrive means the letter wherever it
 * stands by now, a discard at `version` alone.
 */
export const ask = Effect.fnUntraced(function* (what: Ask, seen: DeadLetter, version: number) {
  const [letters, { id, stream: { tenant } }] = [yield* DeadLetters, seen]
  if (what === "redrive") return yield* letters.ask(tenant, id, what)
  yield* check(seen, version)
  const row = yield* letters.ask(tenant, id, what, version)
  return row && (yield* check(row, version))
})
