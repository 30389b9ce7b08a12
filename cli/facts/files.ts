/**
 * The files of an application that facts are read from: everything below the folder of its entry, bounded.
 * @module
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { basename, dirname, join, posix, relative, resolve } from "node:path"
import { isCode } from "./extract.ts"
import { manifestName } from "./services.ts"

const filesMax = 5_000
const bytesMax = 2 << 20
const skipped = new Set(["node_modules", "dist", "coverage", "cdk.out"])
const isTest = (name: string) => /\.(test|spec)\.[cm]?[jt]sx?$/.test(name)
const isRead = (name: string) =>
  (isCode(name) && !isTest(name)) || name === manifestName || name === "events.lock" || /\.sql$/i.test(name)

/** By path from `root`, with forward slashes. Throws a sentence where there are too many, or one is too large. */
export const below = (root: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory() && !skipped.has(entry.name) && !entry.name.startsWith(".")) visit(path)
      if (!entry.isFile() || !isRead(entry.name)) continue
      if (found.size === filesMax) {
        throw new Error(`more than ${filesMax} files lie below ${root}: name a smaller folder's app`)
      }
      if (statSync(join(root, path)).size > bytesMax) throw new Error(`${path} is larger than ${bytesMax} bytes`)
      found.set(path, readFileSync(join(root, path), "utf8"))
    }
  }
  visit("")
  return found
}

/** A file that an import leads to, though it is none of those below: a test, one in `dist`, one beside the folder. */
export const imported = (root: string) => {
  let read = 0
  return (path: string): string | undefined => {
    const file = join(root, path)
    if (!isCode(path) || !existsSync(file)) return undefined
    const stat = statSync(file)
    if (!stat.isFile()) return undefined
    if (++read > filesMax || stat.size > bytesMax) throw new Error(`${path} is one too many, or too large`)
    return readFileSync(file, "utf8")
  }
}

/** JSON with comments and commas at the end, as these files have them. Throws where it is none. */
const jsonOf = (file: string): { readonly [key: string]: unknown } => {
  if (!existsSync(file)) return {}
  const text = readFileSync(file, "utf8").replaceAll(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, "$1")
    .replaceAll(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, "$1")
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`${file} is no JSON: names for files may stand in it`)
  }
}

/** The first text in a list, or in an object of conditions. */
const textIn = (value: unknown): string | undefined =>
  typeof value === "string"
    ? value
    : typeof value === "object" && value !== null
    ? Object.values(value).map(textIn).find((one) => one !== undefined)
    : undefined

/** Of those in `folder`; nothing for a name of a package. */
const textsIn = (value: unknown, folder = ".", bare = false): ReadonlyArray<readonly [string, string]> =>
  Object.entries((value ?? {}) as object).flatMap(([from, to]) => {
    const text = textIn(to)
    if (text === undefined || !(bare || text.startsWith("."))) return []
    return [[from, `./${posix.join(folder, text)}`] as const]
  })

/** Names for own files, as `deno.json`, `package.json` and `tsconfig.json` beside the application give them. */
export const aliases = (root: string) => {
  const options = jsonOf(join(root, "tsconfig.json"))["compilerOptions"] as
    | { readonly paths?: unknown; readonly baseUrl?: string }
    | undefined
  const deno = [jsonOf(join(root, "deno.json")), jsonOf(join(root, "deno.jsonc"))]
  const pairs = [
    ...deno.flatMap(({ importMap, imports }) => [
      ...textsIn(imports),
      ...typeof importMap === "string"
        ? textsIn(jsonOf(join(root, importMap))["imports"], posix.dirname(importMap))
        : [],
    ]),
    ...textsIn(jsonOf(join(root, "package.json"))["imports"]),
    ...textsIn(options?.paths, options?.baseUrl, true),
  ].toSorted(([a], [b]) => b.length - a.length)
  return (specifier: string): string | undefined => {
    for (const [from, to] of pairs) {
      const prefix = from.endsWith("*") ? from.slice(0, -1) : from
      const whole = !from.endsWith("*") && !from.endsWith("/")
      if (whole ? specifier !== from : !specifier.startsWith(prefix)) continue
      const rest = specifier.slice(prefix.length)
      return posix.normalize(to.includes("*") ? to.replace("*", () => rest) : `${to}${rest}`)
    }
    return undefined
  }
}

/** The folder of an application and its entry's path from there. */
export const homeOf = (app: string) => ({ root: dirname(resolve(app)), entry: basename(app) })

/** As a report names it: from where the command runs. */
export const shown = (root: string, file: string): string => {
  const path = relative(".", join(root, file))
  return path === "" || path.startsWith("..") ? join(root, file) : path.replaceAll("\\", "/")
}
