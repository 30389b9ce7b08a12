/**
 * The tree as the tidy test sees it: texts by path, and for TypeScript a syntax tree, so that a comment never counts as code.
 *
 * A tree is a plain record of texts; the rules run on the real one and on small invented ones alike.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs"
import { posix } from "node:path"
import { parseSync } from "vite"

export type Tree = Readonly<Record<string, string>>

/** An ESTree node (with TypeScript's), as the parser of vite gives it. */
export interface Node {
  readonly type: string
  readonly [field: string]: unknown
}

export interface Import {
  readonly specifier: string
  /** The path in the tree, for relative specifiers and the package's own name. */
  readonly path: string | undefined
  /** Gone before the program runs. */
  readonly typeOnly: boolean
}

export interface Source {
  readonly path: string
  readonly text: string
  readonly comments: ReadonlyArray<{ readonly value: string; readonly start: number }>
  readonly imports: ReadonlyArray<Import>
  readonly strings: ReadonlyArray<string>
  readonly nodes: ReadonlyArray<Visited>
}

/** A node and where it hangs. */
export interface Visited {
  readonly node: Node
  readonly parent: Node | undefined
  readonly key: string
}

const skippedFolders = new Set(["node_modules", ".git", ".wrangler", ".nexus", "dist", "coverage", "results"])
const isText = (name: string) => /(\.(ts|md|json|lock|toml|yaml|rego|sql|html)|^run|^\.gitignore)$/.test(name)

/** Every text file, and the name of every Wasm file, below `root`, by its path from there. */
export const readTree = (root: string, folder = ""): Tree => {
  const tree: Record<string, string> = {}
  for (const entry of readdirSync(posix.join(root, folder), { withFileTypes: true })) {
    const path = posix.join(folder, entry.name)
    if (entry.isDirectory() && !skippedFolders.has(entry.name)) Object.assign(tree, readTree(root, path))
    else if (entry.isFile() && isText(entry.name)) tree[path] = readFileSync(posix.join(root, path), "utf8")
    // Imported like a module; there is no text in it.
    else if (entry.name.endsWith(".wasm")) tree[path] = ""
  }
  return tree
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string"

/** All nodes, parents before children. */
const visit = (node: Node, parent: Node | undefined, key: string, into: Array<Visited>): ReadonlyArray<Visited> => {
  into.push({ node, parent, key })
  for (const [field, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, node, field, into)
  }
  return into
}

/** `a.b.c` of a chain of names, otherwise nothing. */
export const dotted = (node: unknown): string | undefined => {
  if (!isNode(node)) return undefined
  if (node.type === "Identifier") return node["name"] as string
  if (node.type !== "MemberExpression" || node["computed"] === true) return undefined
  const object = dotted(node["object"])
  return object === undefined ? undefined : `${object}.${dotted(node["property"])}`
}

export const literal = (node: unknown): string | undefined =>
  isNode(node) && node.type === "Literal" && typeof node["value"] === "string" ? node["value"] : undefined

/** Subpaths by name: `nexus-actors/core` is what `exports` says. */
export const exportsOf = (tree: Tree, file: "package.json" | "deno.json"): Readonly<Record<string, string>> =>
  JSON.parse(tree[file] ?? "{}").exports ?? {}

const packageName = "nexus-actors"

const resolve = (tree: Tree, from: string, specifier: string): Omit<Import, "typeOnly"> => {
  if (specifier.startsWith(".")) return { specifier, path: posix.join(posix.dirname(from), specifier) }
  if (!specifier.startsWith(`${packageName}/`)) return { specifier, path: undefined }
  const target = exportsOf(tree, "package.json")[`.${specifier.slice(packageName.length)}`]
  return { specifier, path: posix.normalize(target ?? specifier) }
}

const importTypes = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
])

/** Parsed once per text: many rules look at the same file. */
const cache = new Map<string, Source>()

export const parse = (tree: Tree, path: string): Source => {
  const text = tree[path] ?? ""
  const key = `${path}\n${tree["package.json"] ?? ""}\n${text}`
  const known = cache.get(key)
  if (known !== undefined) return known
  const { comments, errors, program } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  const nodes = visit(program as unknown as Node, undefined, "", [])
  const imports = nodes.filter(({ node }) => importTypes.has(node.type)).flatMap(({ node }): ReadonlyArray<Import> => {
    const specifier = literal(node["source"])
    const typeOnly = node.type === "TSImportType" || node["importKind"] === "type" || node["exportKind"] === "type"
    return specifier === undefined ? [] : [{ ...resolve(tree, path, specifier), typeOnly }]
  })
  const source: Source = {
    path,
    text,
    comments,
    imports,
    strings: nodes.flatMap(({ node }) => literal(node) ?? []),
    nodes,
  }
  cache.set(key, source)
  return source
}

export const sourcesOf = (tree: Tree): ReadonlyArray<Source> =>
  Object.keys(tree).filter((path) => path.endsWith(".ts")).map((path) => parse(tree, path))
