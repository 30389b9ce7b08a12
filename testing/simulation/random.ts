/**
 * Seeded randomness: everything in a run is drawn from one seed, each purpose from a stream of its own.
 *
 * Streams of their own keep a run alike when one part of it is taken away, which is what shrinking needs.
 * @module
 */

export interface Random {
  /** In [0, 1). */
  readonly next: () => number
  /** A whole number in [0, bound). */
  readonly below: (bound: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <A>(items: ReadonlyArray<A>) => A
}

/** 32 bits of FNV-1a, spread by a last mix: equal on every runtime. */
export const hash32 = (text: string, seed = 0x811c9dc5): number => {
  let hash = seed
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

/** The stream `purpose` of `seed` (sfc32). */
export const make = (seed: number, purpose: string): Random => {
  let [a, b, c, counter] = [hash32(`${seed}`), hash32(purpose), hash32(`${purpose}/${seed}`), 1]
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + t) | 0
    return (t >>> 0) / 0x100000000
  }
  for (let i = 0; i < 12; i++) next()
  const below = (bound: number) => Math.floor(next() * bound)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)]!,
  }
}
