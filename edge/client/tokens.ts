/**
 * The bearer token: asked for once, kept, and asked for again when it was refused.
 * @module
 */

/** A token, or what gets a fresh one; it is asked again when the server refuses the last one. */
export type Token = string | (() => string | Promise<string>)

export interface Tokens {
  readonly current: () => Promise<string>
  /** Whether there may be a better one than the one that was refused; whoever comes first asks for it. */
  readonly renew: (refused: string) => boolean
}

export const make = (token: Token): Tokens => {
  if (typeof token === "string") return { current: () => Promise.resolve(token), renew: () => false }
  let held: string | undefined
  let asked: Promise<string> | undefined
  return {
    current: () =>
      held !== undefined ? Promise.resolve(held) : asked ??= (async () => held = await token())().finally(() => {
        asked = undefined
      }),
    renew: (refused) => {
      if (held === refused) held = undefined
      return true
    },
  }
}
