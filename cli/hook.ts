/**
 * `nexus policies hook`: installs a pre-commit hook that runs the checks of schemas and policies.
 * @module
 */
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { application, failed, type Verb } from "./Verb.ts"

const template = fileURLToPath(new URL("template/hooks/pre-commit", import.meta.url).href)
/** On the second line of every hook that is ours. */
const mark = "# Written by `nexus policies hook`"

const git = (...words: ReadonlyArray<string>): string =>
  execFileSync("git", words, { stdio: ["ignore", "pipe", "pipe"] }).toString().trim()

/** Inside double quotes of a shell. */
const quoted = (text: string): string => text.replaceAll(/["$`\\]/g, "\\$&")

/** The project's own copy, which `nexus init` writes and anybody may change; Nexus's where there is none. */
const source = () => existsSync("hooks/pre-commit") ? "hooks/pre-commit" : template

/** The hook of a project in `folder` (from the top of the repository) whose application is `app` (from that folder). */
const textOf = (folder: string, app: string): string =>
  readFileSync(source(), "utf8").replace(`cd "."`, () => `cd "${quoted(folder || ".")}"`)
    .replaceAll(`"./app.ts"`, () => `"${quoted(app)}"`)

export const policiesHook: Verb = {
  name: "policies hook",
  help: "Install a pre-commit hook that checks schemas and policies",
  options: application,
  notes: "Run it where the project's deno.json lies. A hook that somebody else wrote is never touched.",
  run: Effect.fnUntraced(function* (input) {
    const app = input.option("app")!
    if (!existsSync(app)) {
      return yield* failed(`there is no ${app}: name your application's file with --app FILE`)
    }
    const [top, path] = yield* Effect.try({
      try: () =>
        [git("rev-parse", "--show-toplevel"), resolve(git("rev-parse", "--git-path", "hooks/pre-commit"))] as const,
      catch: () => failed("this is no git repository: `git init` makes one"),
    })
    const text = textOf(relative(realpathSync(top), realpathSync(process.cwd())), app)
    if (existsSync(path) && !readFileSync(path, "utf8").includes(mark)) {
      return yield* failed(
        `${path} is there already, and not ours: nothing was changed. Add to it:\n${text.trimEnd().split("\n").at(-1)}`,
      )
    }
    yield* Effect.try({
      try: () => {
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, text)
        chmodSync(path, 0o755)
      },
      catch: (error) => failed(`cannot write ${path}: ${(error as Error).message}`),
    })
    yield* input.print(`installed ${relative(".", path) || path}: commits are checked from now on`, {
      installed: join(path),
    })
    return 0
  }),
}
