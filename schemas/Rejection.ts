/**
 * Typed refusals: what `decide` answers when the caller must change its mind.
 *
 * A rejection is a Schema class and an error at once: yieldable, catchable by tag, and the same value on every wire.
 * @module
 */
import { type Cause, Schema } from "effect"
import { checkFields, checkName, type Fields, type Tagged } from "./Fields.ts"

export interface AnyRejection extends Schema.Constraint {
  new (...args: never): { readonly _tag: string }
  readonly identifier: string
  /** The fields without the tag. */
  readonly members: Fields
  readonly status: number
}

export interface Rejection<Tag extends string, F extends Fields>
  extends Schema.Class<Tagged<Tag, F> & Cause.YieldableError, Schema.TaggedStruct<Tag, F>, Cause.YieldableError> {
  readonly members: F
  readonly status: number
}

/** Declares a refusal; `status` is the HTTP status it travels under, 400 to 499. */
export const Rejection = <const Tag extends string, const F extends Fields = {}>(
  tag: Tag,
  fields?: F,
  status = 422,
): Rejection<Tag, F> => {
  checkName("rejection", tag)
  checkFields(tag, fields ?? {})
  if (!Number.isInteger(status) || status < 400 || status > 499) {
    throw new Error(`rejection "${tag}" has status ${status}: a refusal is the caller's to mend, use 400 to 499`)
  }
  const members = fields ?? ({} as F)
  const base = Schema.TaggedError<Tagged<Tag, F> & Cause.YieldableError>()(tag, members)
  return Object.assign(base, { members, status }) as unknown as Rejection<Tag, F>
}
