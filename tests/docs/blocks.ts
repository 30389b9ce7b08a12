/**
 * The fenced blocks of the guides: what they show is compared, compiled or run, never only read.
 *
 * A comment on the line before a fence says how: `<!-- file: path -->` (an excerpt of that file), `<!-- edit: path -->` (a
 * change of a file of the quickstart), and others that one test alone knows.
 * @module
 */

export interface Block {
  readonly lang: string
  readonly text: string
  /** Of the opening fence, from 1. */
  readonly line: number
  /** The text of the comment before it. */
  readonly mark: string
}

export const blocksOf = (markdown: string): ReadonlyArray<Block> => {
  const blocks: Array<Block> = []
  const lines = markdown.split("\n")
  for (let i = 0; i < lines.length; i++) {
    const lang = /^```(\w*)$/.exec(lines[i]!)?.[1]
    if (lang === undefined) continue
    const end = lines.indexOf("```", i + 1)
    if (end < 0) throw new Error(`the fence in line ${i + 1} is never closed`)
    const mark = /^<!-- (.*) -->$/.exec(lines[i - 1] ?? "")?.[1] ?? ""
    blocks.push({ lang, text: lines.slice(i + 1, end).join("\n"), line: i + 1, mark })
    i = end
  }
  return blocks
}

/** `path` of a mark `kind: path`. */
export const marked = ({ mark }: Block, kind: string): string | undefined =>
  mark.startsWith(`${kind}: `) ? mark.slice(kind.length + 2) : undefined

/** One command a line: continued lines joined, comments and empty lines left out. */
export const commandsOf = (text: string): ReadonlyArray<string> =>
  text.replaceAll(/\\\n\s*/g, "").split("\n").map((line) => line.replace(/(^|\s+)#.*$/, "").trim()).filter((line) =>
    line !== ""
  )

/** What a run prints, without what no two runs have alike: days, times, sizes in bytes, spaces at the end. */
export const formOf = (printed: string): ReadonlyArray<string> =>
  printed.trimEnd().split("\n").map((line) =>
    line.trimEnd().replaceAll(/\d{4}-\d\d-\d\d(T[\d:.]+Z)?/g, (_, time) => time === undefined ? "<day>" : "<time>")
      .replaceAll(/\d[\d,.]* (B|[KMG]iB|bytes)\b/g, "<size>")
  )

/** The text with every hunk of a `diff` block applied; each must fit in one place alone. */
export const edited = (before: string, diff: string): string =>
  diff.split("\n@@\n").reduce((text, hunk) => {
    const lines = hunk.split("\n")
    const side = (other: string) =>
      lines.filter((line) => !line.startsWith(other)).map((line) => line.slice(1)).join("\n")
    const [old, next] = [side("+"), side("-")]
    const parts = text.split(old)
    if (parts.length !== 2) throw new Error(`fits ${parts.length - 1} times:\n${old}`)
    return parts.join(next)
  }, before)
