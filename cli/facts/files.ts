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
  (isCode(name) && !isTest(name)) || name === manifestName || name === "events.lock" || name.endsWith(".sql")

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

const jsonOf = (file: string): { readonly [key: string]: unknown } => {
  if (!existsSync(file)) return {}
  try {
    return JSON.parse(readFileSync(file, "utf8").replaceAll(/^\s*\/\/.*$/gm, ""))
  } catch {
    return {}
  }
}

const textsIn = (value: unknown): ReadonlyArray<readonly [string, string]> =>
  Object.entries((value ?? {}) as object).flatMap(([from, to]) => {
    const text: unknown = Array.isArray(to) ? to[0] : to
    return typeof text === "string" && text.startsWith(".") ? [[from, text] as const] : []
  })

/** Names for own files, as `deno.json`, `package.json` and `tsconfig.json` beside the application give them. */
export const aliases = (root: string) => {
  const options = jsonOf(join(root, "tsconfig.json"))["compilerOptions"] as { readonly paths?: unknown } | undefined
  const pairs = [
    ...textsIn(jsonOf(join(root, "deno.json"))["imports"]),
    ...textsIn(jsonOf(join(root, "package.json"))["imports"]),
    ...textsIn(options?.paths),
  ].toSorted(([a], [b]) => b.length - a.length)
  return (specifier: string): string | undefined => {
    for (const [from, to] of pairs) {
      const prefix = from.endsWith("*") ? from.slice(0, -1) : from
      const whole = !from.endsWith("*") && !from.endsWith("/")
      if (whole ? specifier !== from : !specifier.startsWith(prefix)) continue
      return posix.normalize(`${to.replace(/\*$/, "")}${specifier.slice(prefix.length)}`)
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
