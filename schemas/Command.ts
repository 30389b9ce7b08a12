/**
 * Commands: what may be asked of an aggregate, each with the refusals it can meet.
 * @module
 */
import { type Args, checkName, type Fields, plainClass, type Tagged } from "./Fields.ts"
import type { AnyRejection } from "./Rejection.ts"

export interface AnyCommand {
  new (...args: never): { readonly _tag: string }
  readonly tag: string
  readonly fields: Fields
  readonly rejections: ReadonlyArray<AnyRejection>
}

export interface Command<Tag extends string, F extends Fields, R extends AnyRejection> {
  new (...payload: Args<F>): Tagged<Tag, F>
  readonly tag: Tag
  readonly fields: F
  readonly rejections: ReadonlyArray<R>
}

/** Declares a command, an imperative; `rejections` are all that its handler may answer. */
export const Command = <const Tag extends string, const F extends Fields, R extends AnyRejection = never>(
  tag: Tag,
  fields: F,
  rejections: ReadonlyArray<R> = [],
): Command<Tag, F, R> => {
  checkName("command", tag)
  return plainClass(tag, fields, { rejections }) as Command<Tag, F, R>
}
