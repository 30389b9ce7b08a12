/**
 * The words of a command line against a verb's options: nothing unknown, nothing twice, nothing missing.
 * @module
 */
import { Result } from "effect"
import type { Option, Verb } from "./Verb.ts"

/** What every verb has beside its own options. */
const common: { readonly [name: string]: Option } = {
  json: { help: "Print one line of JSON" },
  help: { help: "Show this help" },
}

/** The verb that the first word or two name, and the words behind it. */
export const find = (verbs: ReadonlyArray<Verb>, words: ReadonlyArray<string>) =>
  verbs.flatMap((verb) => {
    const length = verb.name.split(" ").length
    return words.slice(0, length).join(" ") === verb.name ? [{ verb, rest: words.slice(length) }] : []
  })[0]

export type Given = { readonly [name: string]: string | undefined }

/** The values of all options, `"true"` for a flag, an operand under its name; else what is wrong, as a sentence. */
export const options = (verb: Verb, words: ReadonlyArray<string>): Result.Result<Given, string> => {
  const known: { readonly [name: string]: Option } = { ...common, ...verb.options }
  const operands = Object.keys(verb.operands ?? {})
  const all = [...operands, ...Object.keys(verb.optionalOperands ?? {})]
  const given: Record<string, string> = Object.create(null)
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    const operand = all.find((name) => given[name] === undefined)
    if (operand !== undefined && word !== "" && !word.startsWith("-")) {
      given[operand] = word
      continue
    }
    const [, name = "", inline] = /^--([a-z][a-z-]*)(?:=([\s\S]*))?$/.exec(word) ?? []
    if (name === "" || !Object.hasOwn(known, name)) return Result.fail(`nexus ${verb.name} knows no "${word}"`)
    const { value: takes } = known[name]!
    if (given[name] !== undefined) return Result.fail(`--${name} is given twice`)
    if (takes === undefined) {
      if (inline !== undefined) return Result.fail(`--${name} takes no value`)
      given[name] = "true"
      continue
    }
    const value = inline ?? words[++i]
    if (value === undefined || (inline === undefined && value.startsWith("--"))) {
      return Result.fail(`--${name} needs a value: --${name} ${takes}`)
    }
    given[name] = value
  }
  if (given["help"] !== undefined) return Result.succeed(given)
  const missing = operands.find((name) => given[name] === undefined)
  if (missing !== undefined) return Result.fail(`${missing} is missing: nexus ${verb.name} ${operands.join(" ")}`)
  for (const [name, { default: fallback, required = false, value }] of Object.entries(known)) {
    if (given[name] !== undefined) continue
    if (required) return Result.fail(`--${name} is missing: --${name} ${value}`)
    if (fallback !== undefined) given[name] = fallback
  }
  return Result.succeed(given)
}

const columns = (rows: ReadonlyArray<readonly [string, string]>): string => {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n")
}

const optionRow = ([name, { default: fallback, help, required, value }]: [string, Option]): [string, string] => [
  value === undefined ? `--${name}` : `--${name} ${value}`,
  `${help}${required === true ? " (required)" : fallback === undefined ? "" : ` (${fallback})`}`,
]

const operandsOf = ({ operands = {}, optionalOperands = {} }: Verb): ReadonlyArray<string> => [
  ...Object.keys(operands),
  ...Object.keys(optionalOperands).map((name) => `[${name}]`),
]

export const helpOf = (verb: Verb): string => {
  const operands = Object.entries({ ...verb.operands, ...verb.optionalOperands })
  const usage = ["nexus", verb.name, ...operandsOf(verb), "[options]"].join(" ")
  const rows = [...operands, ...Object.entries({ ...verb.options, ...common }).map(optionRow)]
  return `${verb.help}.\n\nUsage: ${usage}\n\n${columns(rows)}${verb.notes === undefined ? "" : `\n\n${verb.notes}`}`
}

export const helpOfAll = (verbs: ReadonlyArray<Verb>): string =>
  `Usage: nexus VERB [options]\n\n${
    columns(verbs.map((verb) => [[verb.name, ...operandsOf(verb)].join(" "), verb.help]))
  }\n\n\`nexus VERB --help\` tells more.`
