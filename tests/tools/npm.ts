/**
 * Installs once whatever the suite `package` installs, so that npm's cache has it: `deno run -A tests/tools/npm.ts CACHE`.
 * @module
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { manifestOf } from "../build.ts"
import { application, foreign } from "../package/manifests.ts"
import { root } from "./tools.ts"

const [cache] = Deno.args
if (cache === undefined) throw new Error("npm.ts needs the folder of the cache")
const folder = mkdtempSync(join(tmpdir(), "nexus-npm-"))
const write = (name: string, manifest: object): string => {
  const project = join(folder, name)
  mkdirSync(project)
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest))
  return project
}
const env = { ...Deno.env.toObject(), npm_config_cache: cache, npm_config_audit: "false", npm_config_fund: "false" }
const run = (cwd: string, program: string, ...args: ReadonlyArray<string>) =>
  execFileSync(program, args, { cwd, env, stdio: ["ignore", "ignore", "inherit"], timeout: 300_000 })

try {
  // A package without its code: what npm fetches hangs on the manifest alone.
  const manifest = { ...manifestOf(JSON.parse(readFileSync(join(root, "package.json"), "utf8"))), bin: {} }
  const tarball = join(folder, `${manifest.name}-${manifest.version}.tgz`)
  run(folder, "npm", "pack", write("packed", manifest))
  run(folder, "npx", "-y", "deno@2.9.5", "--version")
  run(folder, "npx", "-y", `--package=${tarball}`, "-c", "true")
  for (const [name, make] of Object.entries({ application, foreign })) {
    run(write(name, make(`file:${tarball}`)), "npm", "install")
  }
  // Programs that `npx` unpacked: each run of the suite unpacks its own.
  for (const unpacked of ["_npx", "_logs"]) rmSync(join(cache, unpacked), { recursive: true, force: true })
} finally {
  rmSync(folder, { recursive: true })
}
