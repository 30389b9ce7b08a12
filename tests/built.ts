/**
 * The built package in a folder of its own, its dependencies beside it as npm would put them; and programs to run there.
 * @module
 */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { build } from "./build.ts"

export const root = resolve(import.meta.dirname!, "..")

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Ends whatever runs longer than two minutes. */
export const run = (program: string, args: ReadonlyArray<string>, cwd: string, env: Record<string, string> = {}) =>
  new Promise<Ran>((resolve) => {
    const all = { ...Deno.env.toObject(), NO_COLOR: "1", ...env }
    execFile(program, args, { cwd, env: all, timeout: 120_000, maxBuffer: 1 << 24 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : 1, out, err })
    }).stdin?.end()
  })

export const deno = (args: ReadonlyArray<string>, cwd: string, env: Record<string, string> = {}) =>
  run(Deno.execPath(), args, cwd, env)

/** Builds into `node_modules` of a fresh folder. */
export const installBuilt = () => {
  const folder = mkdtempSync(join(tmpdir(), "nexus-built-"))
  const modules = join(folder, "node_modules")
  const manifest = build(root, join(modules, "nexus-actors"))
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, "node_modules", name), join(modules, name))
  }
  // As in an application: Deno takes a folder that npm has filled.
  writeFileSync(join(folder, "deno.json"), `{ "nodeModulesDir": "manual" }`)
  const dependencies = { "nexus-actors": manifest.version }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", dependencies }))
  return { folder, manifest, built: join(modules, "nexus-actors"), remove: () => rmSync(folder, { recursive: true }) }
}
