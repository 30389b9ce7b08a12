/**
 * `nexus init DIR`: writes an application of one's own: an aggregate, its tests, an entry, and how to run them.
 *
 * It asks nothing and overwrites nothing. The application installs Nexus from where this program came from.
 * @module
 */
import { Effect } from "effect"
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { failed, type Verb, wrong } from "./Verb.ts"

/** What is written, in the order in which it is read. In the template, files that tools would act on begin with `_`. */
export const files: ReadonlyArray<readonly [path: string, what: string]> = [
  ["README.md", "the first five minutes"],
  ["GiftCard.contract.ts", "what a gift card understands, refuses and remembers"],
  ["GiftCard.ts", "how it decides, and what becomes of it"],
  ["GiftCard.test.ts", "examples, a property and the laws of an aggregate"],
  ["app.ts", "the application: a list of its aggregates"],
  ["app.test.ts", "the application in a simulated world where everything fails"],
  ["main.ts", "serves it over HTTP"],
  ["events.lock", "every schema that an event ever had, by its hash: commit it"],
  ["generated", "those schemas, and the module that main.ts serves with"],
  ["_deno.json", "tasks: run, test, check, nexus"],
  ["_package.json", "what it depends on, exactly"],
  ["_tsconfig.json", "how strictly it is checked"],
  ["_gitignore", "what git leaves out"],
  ["_github", "a workflow: tests, schemas and policies before anything is deployed"],
  ["hooks", "the same checks before a commit, once `nexus policies hook` has installed them"],
]
const writtenAs = (path: string): string => path.startsWith("_git") ? path.replace(/^_/, ".") : path.replace(/^_/, "")

const next = (folder: string): ReadonlyArray<string> => [
  `cd ${folder}`,
  "npm install",
  "npx -y deno@2.9.5 task test",
  "npx -y deno@2.9.5 task run",
]

const template = fileURLToPath(new URL("template/", import.meta.url).href)
const packageRoot = fileURLToPath(new URL("..", import.meta.url).href)

const json = (file: string) => JSON.parse(readFileSync(file, "utf8"))

/** Where Nexus is installed from: a version of the registry, or a file that is copied into the application. */
interface Origin {
  readonly spec: string
  readonly file?: string
}

/** npm notes beside what it installed where that came from. */
const origin = (root: string): Origin => {
  const { name, version } = json(join(root, "package.json"))
  if (basename(dirname(root)) !== "node_modules") {
    throw new Error("init runs from an installed package: `deno task build`, `npm pack ./dist`, then `npx --package=…`")
  }
  const installed = join(dirname(root), ".package-lock.json")
  const resolved = existsSync(installed) ? json(installed).packages[`node_modules/${name}`]?.resolved : undefined
  if (typeof resolved !== "string" || !resolved.startsWith("file:")) return { spec: version }
  const file = resolve(dirname(dirname(root)), resolved.slice("file:".length))
  return { spec: `file:${basename(file)}`, file }
}

const write = (folder: string, name: string, { file, spec }: Origin): ReadonlyArray<readonly [string, string]> => {
  mkdirSync(folder, { recursive: true })
  for (const [path] of files) {
    if (statSync(join(template, path)).isDirectory()) {
      cpSync(join(template, path), join(folder, writtenAs(path)), { recursive: true })
      continue
    }
    const text = readFileSync(join(template, path), "utf8").replaceAll(/\bshop\b/g, name)
    writeFileSync(
      join(folder, writtenAs(path)),
      path === "_package.json" ? text.replace(/("nexus-actors": )"[^"]*"/, `$1${JSON.stringify(spec)}`) : text,
    )
  }
  const written = files.map(([path, what]) => [writtenAs(path), what] as const)
  if (file === undefined) return written
  copyFileSync(file, join(folder, basename(file)))
  return [...written, [basename(file), "Nexus itself, because it was installed from this file"]]
}

const isTaken = (folder: string): boolean =>
  existsSync(folder) && (!statSync(folder).isDirectory() || readdirSync(folder).length > 0)

export const init: Verb = {
  name: "init",
  help: "Write an application of your own into a new folder",
  operands: { DIR: "The folder, new or empty; its name becomes the application's" },
  options: {},
  run: Effect.fnUntraced(function* ({ option, print }) {
    const given = option("DIR")!
    const folder = resolve(given)
    const name = basename(folder)
    if (!/^[a-z][a-z0-9-]{0,63}$/.test(name)) {
      const message = `"${name}" cannot name an application: a letter, then letters, digits and hyphens, in lower case`
      return yield* wrong(message)
    }
    if (isTaken(folder)) {
      return yield* failed(`${given} is not empty: name a new folder`)
    }
    const written = yield* Effect.try({
      try: () => write(folder, name, origin(packageRoot)),
      catch: (error) => failed((error as Error).message),
    })
    const width = Math.max(...written.map(([path]) => path.length))
    const text = [
      `Wrote "${name}", a shop's gift cards, to ${given}:`,
      ...written.map(([path, what]) => `  ${path.padEnd(width)}  ${what}`),
      "",
      "Next:",
      ...next(given).map((line) => `  ${line}`),
    ]
    yield* print(text.join("\n"), {
      name,
      folder,
      files: written.map(([path, what]) => ({ path, what })),
      next: next(given),
    })
    return 0
  }),
}
