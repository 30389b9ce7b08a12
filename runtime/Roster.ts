/**
 * The actors in memory, longest idle first: who may stay, and who leaves.
 *
 * An actor with work never leaves. The order is kept to the second, so that a hot actor moves at most once a second.
 * @module
 */
import type { Limits } from "../core/Limits.ts"
import type { StreamKey } from "../core/Stream.ts"
import { type Actor, make as makeActor, noTasks, type Work } from "./Actor.ts"
import type { Kind } from "./Kind.ts"

export interface Roster {
  /** The actor of a key, made cold where it is not in memory; nothing where all places are taken by working actors. */
  readonly get: (key: string, kind: Kind, nowMs: number) => Actor | undefined
  /** The actor's work, begun where it was idle. */
  readonly work: (actor: Actor, stream: StreamKey) => Work
  /** Ends the work of an actor with nothing left to do. */
  readonly rest: (actor: Actor) => void
  /** Actors with work. */
  readonly working: ReadonlySet<Actor>
  /** Calls back once no actor has work, at once if none has. */
  readonly whenIdle: (callback: () => void) => void
  /** Drops actors idle for at least `idleMaxMs`; answers how many. */
  readonly passivate: (nowMs: number) => number
  readonly size: () => number
}

/** How many of the longest idle are looked at for a free place; if all of them work, the host is full. */
const scanMax = 100
/**
 * A full roster drops a thousandth of its actors at once. A map keeps the places of what was deleted for a while and walks
 * over them from its beginning, so one at a time would cost each new actor tens of microseconds.
 */
const droppedShare = 1 / 1000

/** `leaving` sees each loaded actor right before it leaves memory. */
export const make = (limits: Limits, startMs: number, leaving: (actor: Actor) => void): Roster => {
  const actors = new Map<string, Actor>()
  const working = new Set<Actor>()
  const waiters: Array<() => void> = []
  const seconds = (nowMs: number) => Math.floor((nowMs - startMs) / 1000)

  const drop = (actor: Actor): boolean => {
    if (actor.loaded) leaving(actor)
    return actors.delete(actor.key)
  }

  const droppedAtOnce = Math.min(scanMax, Math.max(1, Math.floor(limits.actors * droppedShare)))
  const makeRoom = (): boolean => {
    let seen = 0
    let dropped = 0
    for (const actor of actors.values()) {
      if (actor.work === undefined && drop(actor)) dropped++
      if (++seen === scanMax || dropped === droppedAtOnce) break
    }
    return dropped > 0
  }

  return {
    get: (key, kind, nowMs) => {
      const second = seconds(nowMs)
      const found = actors.get(key)
      if (found !== undefined) {
        if (found.usedAt < second) {
          found.usedAt = second
          actors.delete(key)
          actors.set(key, found)
        }
        return found
      }
      if (actors.size >= limits.actors && !makeRoom()) return undefined
      const actor = makeActor(key, kind, second)
      actors.set(key, actor)
      return actor
    },
    work: (actor, stream) => {
      if (actor.work === undefined) {
        actor.work = { stream, mailbox: [], running: noTasks, holder: undefined, learned: undefined }
        working.add(actor)
      }
      return actor.work
    },
    rest: (actor) => {
      actor.work = undefined
      working.delete(actor)
      if (working.size === 0) { for (const callback of waiters.splice(0)) callback() }
    },
    working,
    whenIdle: (callback) => {
      if (working.size === 0) callback()
      else waiters.push(callback)
    },
    passivate: (nowMs) => {
      const before = actors.size
      for (const actor of actors.values()) {
        if (nowMs - startMs - actor.usedAt * 1000 < limits.idleMaxMs) break
        if (actor.work === undefined) drop(actor)
      }
      return before - actors.size
    },
    size: () => actors.size,
  }
}
