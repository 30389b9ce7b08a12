/**
 * What the `opa` program does for us: check, format, test and compile Rego. Needed to write policies, never to run them.
 * @module
 */
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join, resolve } from "node:path"
import { gunzipSync } from "node:zlib"

export interface Said {
  readonly ok: boolean
  /** Whatever it wrote, to either stream. */
  readonly text: string
}

export const version = "1.22.2"

/** The program: what `NEXUS_OPA` names, what `deno task engines` fetched below `folder`, or the one on the path. */
export const find = (
  env: { readonly [name: string]: string | undefined },
  folder: string,
): string | undefined => {
  const named = env["NEXUS_OPA"]
  const onPath = (env["PATH"] ?? "").split(delimiter).filter((one) => one !== "").map((one) => join(one, "opa"))
  const all = [join(folder, `.nexus/engines/opa-${version}/opa`), ...onPath]
  return named === undefined || named === "" ? all.find((path) => existsSync(path)) : named
}

const run = (opa: string, folder: string, args: ReadonlyArray<string>): Said => {
  const { error, status, stderr, stdout } = spawnSync(resolve(opa), args, {
    cwd: folder,
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 16 * 1024 * 1024,
  })
  return { ok: status === 0, text: `${stdout ?? ""}${stderr ?? ""}${error === undefined ? "" : error.message}` }
}

/** The Rego files of a folder by name, sorted; sub-folders are not looked into. */
export const filesOf = (folder: string, tests: boolean): ReadonlyArray<string> =>
  readdirSync(folder).filter((name) => name.endsWith(".rego") && (tests || !name.endsWith("_test.rego"))).toSorted()

/** SHA-256 of the policies that are compiled, with their names: a bundle that was not rebuilt is seen without the program. */
export const sourcesOf = (folder: string): string =>
  createHash("sha256").update(
    filesOf(folder, false)
      .map((name) => `${name}\n${readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n")}`).join("\0"),
  ).digest("hex")

export const check = (opa: string, folder: string): Said =>
  run(opa, folder, ["check", "--strict", ...filesOf(folder, true)])

/** Fails and says what differs where a file is not formatted. */
export const format = (opa: string, folder: string): Said =>
  run(opa, folder, ["fmt", "--diff", "--fail", ...filesOf(folder, true)])

export interface Tested extends Said {
  readonly passed: number
  readonly failed: number
}

export const test = (opa: string, folder: string): Tested => {
  const said = run(opa, folder, ["test", "--format=json", ...filesOf(folder, true)])
  const results = parsed(said.text)
  const failed = results.filter((one) => one.fail === true || one.error !== undefined)
  const text = failed.map((one) => `${one.package}.${one.name} failed`).join("\n")
  return {
    ok: said.ok && results.length > 0,
    passed: results.length - failed.length,
    failed: failed.length,
    text: results.length === 0 ? said.text : text,
  }
}

interface Result {
  readonly package: string
  readonly name: string
  readonly fail?: boolean
  readonly error?: unknown
}
const parsed = (text: string): ReadonlyArray<Result> => {
  try {
    const all: unknown = JSON.parse(text)
    return Array.isArray(all) ? all : []
  } catch {
    return []
  }
}

/** The file of that name in a tar: blocks of 512 bytes, name first, size in octal at 124. */
const inTar = (tar: Uint8Array, wanted: string): Uint8Array<ArrayBuffer> | undefined => {
  const text = (from: number, length: number) =>
    new TextDecoder().decode(tar.subarray(from, from + length)).replace(/\0.*$/s, "").trim()
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12), 8)
    if (text(at, 100).replace(/^\/+/, "") === wanted) return new Uint8Array(tar.subarray(at + 512, at + 512 + size))
    at += 512 + Math.ceil(size / 512) * 512
  }
  return undefined
}

/**
 * Compiles a folder's policies to Wasm; what is annotated `entrypoint: true` can be asked for. The bytes are the same
 * wherever and whenever: they hold the names of the files as they are given (so those are bare names, sorted), the
 * order of entrypoints (so it is theirs), and no time; another version of the program writes others.
 */
export const build = (opa: string, folder: string): Said & { readonly wasm?: Uint8Array<ArrayBuffer> } => {
  const out = mkdtempSync(join(tmpdir(), "nexus-opa-"))
  try {
    const bundle = join(out, "bundle.tar.gz")
    const said = run(opa, folder, ["build", "--target=wasm", `--output=${bundle}`, ...filesOf(folder, false)])
    if (!said.ok) return said
    const wasm = inTar(gunzipSync(readFileSync(bundle)), "policy.wasm")
    return wasm === undefined ? { ok: false, text: "the bundle holds no policy.wasm" } : { ...said, wasm }
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}
