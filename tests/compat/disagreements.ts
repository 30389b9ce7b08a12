/**
 * Where Apicurio 3.3.3 and our engine disagree, by cause; `docs/compatibility.md` says the same in words.
 *
 * Apicurio compares schemas keyword by keyword; ours asks which values are lost. Ajv has judged every pair behind a row.
 * @module
 */
export interface Disagreement {
  readonly what: string
  /** Theirs; ours is the opposite. */
  readonly apicurio: "yes" | "no"
  /** Edits where it says no, our rules where it says yes. */
  readonly causes: ReadonlyArray<string>
}

const bounds = ["minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]

export const disagreements: ReadonlyArray<Disagreement> = [
  { what: "null is taken too", apicurio: "no", causes: ["nullable list", "nullable"] },
  {
    what: "the same in other words",
    apicurio: "no",
    causes: ["into allOf", "swap branches", "one to any", "any to one"],
  },
  {
    what: "a bound that cuts nothing off",
    apicurio: "no",
    causes: [...bounds, "minItems", "maxItems", "minProperties", "maxProperties", "pattern", "format", "unique"],
  },
  { what: "a required property with a default", apicurio: "no", causes: ["add required with default"] },
  {
    what: "a part that never had a value",
    apicurio: "no",
    causes: ["remove property", "other type", "drop member", "add enum", "require", "close", "narrow to integer"],
  },
  {
    what: "a part that takes more than before",
    apicurio: "no",
    causes: ["add property", "type of rest", "open", "add branch", "another schema"],
  },
  { what: "a default that does not fit", apicurio: "yes", causes: ["default-invalid"] },
  { what: "another format or pattern", apicurio: "yes", causes: ["format-changed", "pattern-changed"] },
]
