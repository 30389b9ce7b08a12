/**
 * The fields of a named schema and the plain, checked, tagged objects made from them.
 *
 * Everything that has a name is a class, so that its name is its type in hovers and errors; yet `new` returns a plain
 * object, so that instances survive JSON, `structuredClone` and structural equality.
 * @module
 */
import { Result, Schema } from "effect"
import * as Issue from "./Issue.ts"

export type Fields = { readonly [field: string]: Schema.ConstraintCodec<unknown, unknown> }
export type Type<F extends Fields> = Schema.Struct.Type<F>

/** The arguments of `new`: none needed where every field may be absent. */
export type Args<F extends Fields> = {} extends Schema.Struct.MakeIn<F> ? [payload?: Schema.Struct.MakeIn<F>]
  : [payload: Schema.Struct.MakeIn<F>]

/** What a class constructs. Unlike `InstanceType` it is free of `any`. */
export type Instance<K> = K extends abstract new (...args: never) => infer I ? I : never

export type Tagged<Tag extends string, F extends Fields> = Schema.Struct.Type<{ readonly _tag: Schema.tag<Tag> } & F>

/** Names of aggregates, commands, events and rejections; they stand so in paths and subjects. */
export const namePattern = /^[A-Z][A-Za-z0-9]{0,63}$/

/** A mistake in a definition stops the program at start, before anything can be stored under a bad name. */
export const checkName = (kind: string, name: string): void => {
  if (!namePattern.test(name)) {
    throw new Error(`${kind} "${name}" is not a name: use a capital letter, then up to 63 letters or digits`)
  }
}

/** A field `_tag` would silently replace the name of the thing. */
export const checkFields = (tag: string, fields: Fields): void => {
  if (Object.hasOwn(fields, "_tag")) throw new Error(`"${tag}" declares a field _tag: that is its name, choose another`)
}

/** What `new` throws when the payload breaks the schema: inside `decide` it becomes `event-invalid`, never a defect. */
export class Unfit extends Schema.TaggedError<Unfit>()("Unfit", {
  tag: Schema.String,
  issues: Schema.Array(Issue.Issue),
}) {
  override get message(): string {
    return `${this.tag} does not fit its schema: ${
      this.issues.map((issue) => `${issue.pointer} ${issue.rule}`).join("; ")
    }`
  }
}

/** The object of these fields. `Schema.Struct({})` would be the type `{}`, which takes anything but null. */
export const struct = (fields: Fields): Schema.Codec<unknown, unknown> =>
  Object.keys(fields).length === 0 ? Schema.Record(Schema.String, Schema.Never) : Schema.Struct(fields)

/** A class whose instances are plain, checked, tagged objects; `statics` are its own properties, getters included. */
export const plainClass = (tag: string, fields: Fields, statics: object): unknown => {
  checkFields(tag, fields)
  const schema = Schema.TaggedStruct(tag, fields)
  return Object.defineProperties(
    class {
      static readonly tag = tag
      static readonly fields = fields
      constructor(payload: object = {}) {
        const made = Result.try(() => schema.make(payload as never))
        if (Result.isSuccess(made)) return made.success
        throw new Unfit({ tag, issues: Issue.fromMakeFailure(made.failure) })
      }
      static [Symbol.hasInstance](u: unknown) {
        return typeof u === "object" && u !== null && "_tag" in u && u._tag === tag
      }
    },
    Object.getOwnPropertyDescriptors(statics),
  )
}
