/**
 * The rules of the house, as data: each takes a tree and says what is wrong, one line a finding.
 *
 * The tidy test runs every rule on the real tree, and on a small wrong one to show that it can find something.
 * @module
 */
import { posix } from "node:path"
import * as determinism from "./determinism.ts"
import * as imports from "./imports.ts"
import { folders, render } from "./mod.ts"
import { dotted, exportsOf, type Source, sourcesOf, type Tree } from "./source.ts"

export interface Rule {
  readonly name: string
  readonly check: (tree: Tree) => ReadonlyArray<string>
}

const isShipped = (path: string) =>
  /^(schemas|core|runtime|edge|policies|cli|testing)\//.test(path) && !imports.isTest(path)
const newer = /^((Map|Object)\.groupBy|Promise\.(withResolvers|try)|Array\.fromAsync)$/

/** The checker knows every platform's newest library, Node 20 does not have all of it. */
const olderNode = ({ nodes, path }: Source): ReadonlyArray<string> =>
  isShipped(path)
    ? nodes.flatMap(({ node }) => {
      const name = node.type === "MemberExpression" ? dotted(node) : undefined
      return name !== undefined && newer.test(name) ? [`${path} uses ${name}, which Node 20 lacks`] : []
    })
    : []

const exportsAgree = (tree: Tree): ReadonlyArray<string> => {
  const [npm, deno] = [exportsOf(tree, "package.json"), exportsOf(tree, "deno.json")]
  return [...new Set([...Object.keys(npm), ...Object.keys(deno)])].flatMap((subpath) => {
    if (npm[subpath] !== deno[subpath]) return [`${subpath} differs between package.json and deno.json`]
    return tree[posix.normalize(npm[subpath] ?? "")] === undefined ? [`${subpath} points at no file`] : []
  })
}

const modsCurrent = (tree: Tree): ReadonlyArray<string> =>
  Object.keys(folders).flatMap((folder) => {
    const files = Object.keys(tree).filter((path) => posix.dirname(path) === folder).map((path) => posix.basename(path))
    const current = render(folder, files) === (tree[`${folder}/mod.ts`] ?? "")
    return current ? [] : [`${folder}/mod.ts is not what \`deno task mod\` writes`]
  })

/** Written by a command of ours, which a test runs again; nobody reads it line by line. */
const isGenerated = (path: string) => /(^|\/)generated\//.test(path)

const linesMax = 300
const columnsMax = 140

const sizes = (tree: Tree): ReadonlyArray<string> =>
  Object.entries(tree).filter(([path]) => path.endsWith(".ts") && !isGenerated(path)).flatMap(([path, text]) => {
    const lines = text.trimEnd().split("\n")
    const long = lines.findIndex((line) => line.length > columnsMax)
    return [
      ...(lines.length > linesMax ? [`${path} has ${lines.length} lines`] : []),
      ...(long >= 0 ? [`${path}:${long + 1} has more than ${columnsMax} columns`] : []),
    ]
  })

const headers = (tree: Tree): ReadonlyArray<string> =>
  sourcesOf(tree).filter(({ path }) => !imports.isTest(path)).flatMap(({ comments, path }) =>
    comments.slice(0, 2).some(({ value }) => value.includes("@module"))
      ? []
      : [`${path} does not open with a @module comment`]
  )

/** Nothing in the project may depend on, or speak of, the place where it was written. */
const bannedTexts = [
  /(?<![\w.$}])\/work\//,
  /(?<![\w.$}])\/tmp\//,
  /\.\.\/shared\b/,
  /registry\.npmjs|\bnpmjs\.com|\bjsr\.io|\bpypi\.org|\bproxy\.golang|\bcrates\.io|\bdeb\.debian|\brepo1?\.maven/,
]

const texts = (tree: Tree): ReadonlyArray<string> =>
  Object.entries(tree).flatMap(([path, text]) =>
    bannedTexts.flatMap((banned) => {
      const found = banned.exec(text)
      return found === null ? [] : [`${path}:${text.slice(0, found.index).split("\n").length} says ${found[0]}`]
    })
  )

const adrLinesMax = 40

const adrs = (tree: Tree): ReadonlyArray<string> =>
  Object.entries(tree).filter(([path]) => /^docs\/adr\/.*\.md$/.test(path)).flatMap(([path, text]) => {
    const lines = text.trimEnd().split("\n").length
    const wanted = ["## Context", "## Decision", "## What it costs", "## What would change our mind"]
    const missing = wanted.filter((heading) => !text.includes(`${heading}\n`))
    return [
      ...(lines > adrLinesMax ? [`${path} has ${lines} lines`] : []),
      ...missing.map((heading) => `${path} lacks "${heading}"`),
    ]
  })

/** The n-th decision is `00nn-…` and opens with `# n.`: a number names one for ever. */
const adrNumbers = (tree: Tree): ReadonlyArray<string> =>
  Object.keys(tree).filter((path) => /^docs\/adr\/.*\.md$/.test(path)).toSorted().flatMap((path, index) => {
    const number = `${index + 1}`
    const named = path.startsWith(`docs/adr/${number.padStart(4, "0")}-`)
    return named && tree[path]!.startsWith(`# ${number}. `) ? [] : [`${path} is not numbered ${number}, name and title`]
  })

const withoutCode = (markdown: string) => markdown.replaceAll(/```[\s\S]*?```/g, "").replaceAll(/`[^`\n]*`/g, "code")

/** As GitHub makes them. */
const anchors = (markdown: string): ReadonlySet<string> =>
  new Set(
    markdown.split("\n").filter((line) => /^#+ /.test(line)).map((line) =>
      line.replace(/^#+ /, "").trim().toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
    ),
  )

const links = (tree: Tree, exists: (path: string) => boolean): ReadonlyArray<string> =>
  Object.entries(tree).filter(([path]) => path.endsWith(".md")).flatMap(([path, text]) =>
    [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
      if (/^[a-z]+:/.test(link)) return []
      const [file = "", anchor] = link.split("#")
      const target = file === "" ? path : posix.join(posix.dirname(path), file)
      if (tree[target] === undefined) return exists(target) ? [] : [`${path} links to ${link}, which does not exist`]
      return anchor === undefined || anchors(tree[target]).has(anchor)
        ? []
        : [`${path} links to ${link}: no such heading`]
    })
  )

/** All of them; `exists` answers for files that are not text (folders, data). */
export const rules = (exists: (path: string) => boolean): ReadonlyArray<Rule> => [
  { name: "imports point inward", check: imports.importDirections },
  { name: "platforms are named only at the rim", check: imports.platforms },
  { name: "only composition roots provide and run", check: imports.composition },
  { name: "every file is reached", check: imports.unreached },
  { name: "class names equal their tags", check: imports.classNames },
  {
    name: "deterministic folders have no clock, chance, timer or I/O",
    check: (tree) => sourcesOf(tree).flatMap(determinism.words),
  },
  { name: "what is shipped runs on Node 20", check: (tree) => sourcesOf(tree).flatMap(olderNode) },
  { name: "exports of package.json and deno.json agree", check: exportsAgree },
  { name: "every mod.ts is current", check: modsCurrent },
  { name: "files and lines are short", check: sizes },
  { name: "every file says what it is", check: headers },
  { name: "no text names the place of writing", check: texts },
  { name: "decisions are short and complete", check: adrs },
  { name: "decisions are numbered without a gap", check: adrNumbers },
  { name: "links lead somewhere", check: (tree) => links(tree, exists) },
]
