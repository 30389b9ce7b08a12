/**
 * The closed list of rules, each with its name in both directions and the sentence that mends it.
 *
 * A reader is the new schema in `backward` and the old one in `forward`; the writer is the other. Documented in
 * `docs/schemas.md`.
 * @module
 */
import * as Subject from "../Subject.ts"

type Direction = "backward" | "forward"

/** By what the reader does not take: its name when the reader is new, when it is old, and the two repairs. */
export const rules = {
  type: ["type-changed", "type-changed", "keep the old type", "keep the old type"],
  typeMissing: ["type-removed", "type-added", "take the type again", "do not write the new type"],
  nothing: ["nothing-allowed", "nothing-allowed", "allow values here", "write no value here"],
  enum: ["enum-narrowed", "enum-widened", "take the missing values again", "do not write the new values"],
  enumAdded: ["enum-added", "enum-removed", "leave the values open", "keep the list of values"],
  minimum: ["minimum-raised", "minimum-lowered", "keep the old minimum", "keep the old minimum"],
  maximum: ["maximum-lowered", "maximum-raised", "keep the old maximum", "keep the old maximum"],
  multiple: ["multiple-of-changed", "multiple-of-changed", "keep the old multipleOf", "keep the old multipleOf"],
  minLength: ["min-length-raised", "min-length-lowered", "keep the old minLength", "keep the old minLength"],
  maxLength: ["max-length-lowered", "max-length-raised", "keep the old maxLength", "keep the old maxLength"],
  pattern: ["pattern-changed", "pattern-changed", "keep the old pattern", "keep the old pattern"],
  format: ["format-changed", "format-changed", "keep the old format", "keep the old format"],
  minItems: ["min-items-raised", "min-items-lowered", "keep the old minItems", "keep the old minItems"],
  maxItems: ["max-items-lowered", "max-items-raised", "keep the old maxItems", "keep the old maxItems"],
  unique: ["unique-items-added", "unique-items-removed", "leave uniqueItems out", "keep uniqueItems"],
  contains: ["contains-changed", "contains-changed", "keep the old contains", "keep the old contains"],
  itemRemoved: ["item-removed", "item-added", "take the item again", "do not write the new item"],
  property: ["property-removed", "property-added", "keep it as an optional property", "leave the new property out"],
  claimed: [
    "property-claimed",
    "property-released",
    "choose another name: under this one anything may have been written",
    "keep the property as it was",
  ],
  additional: [
    "additional-properties-narrowed",
    "additional-properties-widened",
    "keep additionalProperties as it was",
    "keep additionalProperties as it was",
  ],
  required: ["required-added", "required-removed", "give it a default or make it optional", "keep it required"],
  default: ["default-invalid", "default-invalid", "give it a default that fits", "add the property to what is written"],
  minProperties: ["min-properties-raised", "min-properties-lowered", "keep minProperties", "keep minProperties"],
  maxProperties: ["max-properties-lowered", "max-properties-raised", "keep maxProperties", "keep maxProperties"],
  names: ["property-names-changed", "property-names-changed", "keep propertyNames", "keep propertyNames"],
  dependency: ["dependency-added", "dependency-removed", "leave the dependency out", "keep the dependency"],
  union: ["union-narrowed", "union-widened", "take the missing kind again", "do not write the new kind"],
  ambiguous: ["one-of-ambiguous", "one-of-ambiguous", "tell the kinds apart or use anyOf", "tell the kinds apart"],
  not: ["not-changed", "not-changed", "keep not as it was", "keep not as it was"],
  condition: ["condition-changed", "condition-changed", "keep if, then and else", "keep if, then and else"],
  complex: ["cannot-tell", "cannot-tell", "split the schema into smaller ones", "split the schema into smaller ones"],
} as const satisfies { readonly [rule: string]: readonly [string, string, string, string] }

export type Rule = keyof typeof rules

export const nameOf = (rule: Rule, direction: Direction): string => rules[rule][direction === "backward" ? 0 : 1]

const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1)

/** The way out that always stands open is the next version of the event, whose subject has no history. */
export const repairOf = (rule: Rule, direction: Direction, subject: string | undefined): string => {
  const parsed = subject === undefined ? undefined : Subject.parse(subject)
  const next = parsed === undefined ? "the next version of the event" : `${parsed.type} v${parsed.version + 1}`
  return `${capital(rules[rule][direction === "backward" ? 2 : 3])}, or add ${next} with an upcaster.`
}
