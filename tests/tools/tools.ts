/**
 * Tools that no npm package brings: fetched once into a folder that git ignores, in exact versions.
 *
 * `deno run -A tests/tools/tools.ts` fetches what is missing; suites that lack one are skipped, but fail in CI.
 * @module
 */
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type Command, type Env, fetchInto, isRequired, root } from "../../infra/engines/fetch.ts"

const here = import.meta.dirname!
export { isRequired, root }

export interface Tool {
  readonly version: string
  /** Below the tool's folder. */
  readonly program: string
  /** What puts it into `folder`. */
  readonly fetch: (folder: string) => Command
  /** What it needs to run. */
  readonly env: (folder: string) => Env
}

/** Of what no list of versions names: these files have changed, or they have not. */
const versionOf = (...paths: ReadonlyArray<string>): string =>
  paths.reduce((hash, path) => hash.update(readFileSync(join(root, path))), createHash("sha256")).digest("hex").slice(
    0,
    12,
  )

export const tools = {
  /** Tests the server from its OpenAPI document. Every package it needs has its version in the list. */
  schemathesis: {
    version: "4.32.5",
    program: "bin/schemathesis",
    fetch: (folder) => ({
      command: "python3",
      args: [
        ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"],
        ...["--target", folder, "-r", join(here, "schemathesis.txt")],
      ],
      env: {},
    }),
    env: (folder) => ({ PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" }),
  },
  /** Looks for secrets in the whole history. Built by Go from the sum-checked module. */
  gitleaks: {
    version: "8.30.1",
    program: "gitleaks",
    fetch: (folder) => ({
      command: "go",
      args: ["install", "github.com/zricethezav/gitleaks/v8@v8.30.1"],
      env: { GOBIN: folder, CGO_ENABLED: "0" },
    }),
    env: () => ({}),
  },
  /** What npm installs in the suite `package`; another set of versions is another cache. */
  npm: {
    version: versionOf("package.json", "cli/template/_package.json"),
    program: "_cacache",
    fetch: (folder) => ({ command: Deno.execPath(), args: ["run", "-A", join(here, "npm.ts"), folder], env: {} }),
    env: (folder) => ({ npm_config_cache: folder, npm_config_offline: "true" }),
  },
} as const satisfies Readonly<Record<string, Tool>>
export type Name = keyof typeof tools

const folderOf = (name: Name): string => join(root, ".nexus/tools", `${name}-${tools[name].version}`)

/** How to run it; nothing where it was not fetched. */
export const find = (name: Name): { readonly program: string; readonly env: Env } | undefined => {
  const folder = folderOf(name)
  const program = join(folder, tools[name].program)
  return existsSync(program) ? { program, env: tools[name].env(folder) } : undefined
}

/** What a suite says, as its last line, where it lacks a tool. */
export const lacking = (name: Name): never => {
  console.log(`${name} is not fetched: deno run -A tests/tools/tools.ts`)
  const [failed, skipped] = isRequired() ? [1, 0] : [0, 1]
  console.log(JSON.stringify({ passed: 0, failed, skipped, lacks: name }))
  return Deno.exit(failed)
}

if (import.meta.main) {
  let well = true
  for (const name of Object.keys(tools) as Array<Name>) {
    if (find(name) !== undefined) continue
    const { failed } = await fetchInto(name, folderOf(name), (folder) => [tools[name].fetch(folder)])
    well = failed === undefined && well
  }
  Deno.exit(well ? 0 : 1)
}
