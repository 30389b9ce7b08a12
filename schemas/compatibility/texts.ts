/**
 * Texts that may fit formats and patterns; whoever uses them looks whether they do.
 * @module
 */
import * as Pattern from "./pattern.ts"

const byFormat: { readonly [format: string]: ReadonlyArray<string> } = {
  date: ["2024-02-29"],
  time: ["10:20:30Z"],
  "date-time": ["2024-02-29T10:20:30Z"],
  duration: ["P1DT2H"],
  email: ["a@example.org"],
  hostname: ["example.org"],
  ipv4: ["192.0.2.1"],
  ipv6: ["2001:db8::1"],
  uri: ["https://example.org/a"],
  "uri-reference": ["/a", "https://example.org/a"],
  uuid: ["00000000-0000-4000-8000-000000000000"],
  "json-pointer": ["/a/0", ""],
}

const plain = ["a", "", "A", "1", "ab", "AB", "a1", "abc", "ABC", "123", "a-b", "a b", "1.5", "é", "_", "#"]

/** Characters to try where a class stands. */
const letters = [..."a0AbzB1Z-_ .:/@x9é#"]
/** How often what may be repeated is repeated, one a variant. */
const repeats = [1, 0, 2, 3, 5, 9, 20]

/** Reads an expression and writes one text for it: `variant` says which branch, letter and number of repeats. */
const writer = (source: string, variant: number) => {
  let at = 0
  const next = (text: string) => source.startsWith(text, at) && (at += text.length) > 0
  const letterOf = (atom: string): string => {
    const pattern = Pattern.make(`^${atom}$`)
    const fitting = letters.filter((letter) => pattern?.test(letter) === true)
    return fitting[variant % Math.max(1, fitting.length)] ?? ""
  }
  const many = (): number => {
    const count = /^\{(\d+)(,?)(\d*)\}/.exec(source.slice(at))
    const wanted = repeats[variant % repeats.length]!
    let times = 1
    if (next("*")) times = wanted
    else if (next("+")) times = Math.max(1, wanted)
    else if (next("?")) times = wanted % 2
    else if (count !== null) {
      const [all, least, open, most] = count
      at += all.length
      times = open === "" ? Number(least) : Math.max(Number(least), Math.min(wanted, most === "" ? 20 : Number(most)))
    } else return 1
    next("?")
    return Math.min(times, 200)
  }
  const atom = (): string => {
    if (next("(")) {
      if (!next("?:")) next("?<") && (at = source.indexOf(">", at) + 1)
      const text = branches()
      next(")")
      return text
    }
    const [token = source[at]!] =
      /^(?:\[\^?\]?(?:\\.|[^\]\\])*\]|\\[pP]\{[^}]*\}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\.|[^])/u
        .exec(source.slice(at)) ?? []
    at += token.length
    if (token === "^" || token === "$" || token === "\\b" || token === "\\B") return ""
    return token === "." || token.length > 1 ? letterOf(token) : token
  }
  const sequence = (): string => {
    let text = ""
    while (at < source.length && source[at] !== "|" && source[at] !== ")") {
      const part = atom()
      text += part.repeat(many())
    }
    return text
  }
  const branches = (): string => {
    const all = [sequence()]
    while (next("|")) all.push(sequence())
    return all[variant % all.length]!
  }
  return branches
}

const variants = 14

/** Each text once. Those of `lengths` come from shorter ones, for expressions that leave an end open. */
export const texts = function* (...asked: Parameters<typeof written>): Generator<string> {
  const seen = new Set<string>()
  for (const text of written(...asked)) {
    if (!seen.has(text)) yield text
    seen.add(text)
  }
}

const written = function* (
  patterns: ReadonlyArray<string>,
  formats: ReadonlyArray<string> = [],
  lengths: ReadonlyArray<number> = [],
): Generator<string> {
  for (const format of formats) yield* byFormat[format] ?? []
  const short: Array<string> = []
  for (const source of patterns) {
    for (let variant = 0; variant < variants; variant++) {
      const text = writer(source, variant)()
      short.push(text)
      yield text
    }
  }
  for (const length of lengths) {
    for (const text of short.slice(0, 3)) {
      for (const end of ["a", "1"]) yield* [text.padEnd(length, end), text.padStart(length, end)]
    }
  }
  yield* plain
}
