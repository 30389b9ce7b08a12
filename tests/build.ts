/**
 * Builds the package: JavaScript and types of everything behind `exports` and `bin`, with a manifest of its own.
 *
 * `deno task build [folder]` writes to `dist`. Comments stay and types are merely erased, so there are no source maps:
 * what runs is what was written.
 * @module
 */
import { execFileSync } from "node:child_process"
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import process from "node:process"

type Names = Readonly<Record<string, string>>

/** The parts of `package.json` that the build reads. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Names
  readonly bin: Names
  readonly dependencies: Names
  readonly devDependencies: Names
}

/** Whoever uses what needs them installs them: runners of tests, and AWS's clients of the adapters that are used. */
const optionalPeers = [
  ...["vitest", "@effect/vitest"],
  ...["dynamodb", "dynamodb-streams", "glue", "kinesis", "sns", "sqs"].map((service) => `@aws-sdk/client-${service}`),
]

const emitted = (path: string, extension: string) => path.replace(/\.ts$/, extension)

/**
 * The manifest of what is packed. `effect` is a peer: a second copy in one process would have services, tags and
 * fibers of its own. A range only where a test saw it work: patches of the minor version in use.
 */
export const manifestOf = ({ bin, dependencies, devDependencies, exports, ...fields }: Manifest) => {
  const { effect, ...others } = dependencies
  return {
    ...fields,
    engines: { node: ">=20.16", deno: ">=2.9" },
    bin: Object.fromEntries(Object.entries(bin).map(([name, path]) => [name, emitted(path, ".js")])),
    exports: {
      ...Object.fromEntries(
        Object.entries(exports).map(([subpath, path]) => [
          subpath,
          { types: emitted(path, ".d.ts"), default: emitted(path, ".js") },
        ]),
      ),
      "./package.json": "./package.json",
    },
    dependencies: others,
    peerDependencies: {
      effect: `~${effect}`,
      ...Object.fromEntries(optionalPeers.map((name) => [name, `^${devDependencies[name]}`])),
    },
    peerDependenciesMeta: Object.fromEntries(optionalPeers.map((name) => [name, { optional: true }])),
  }
}

/** The compiler rewrites `./X.ts` in JavaScript; in types it leaves it, where only some settings accept it. */
export const rewriteTypes = (text: string): string =>
  text.replaceAll(/((?:from|import) ?\(?")(\.{1,2}\/[^"]*)\.ts(")/g, "$1$2.js$3")

const filesBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))

const compile = (root: string, out: string, files: ReadonlyArray<string>): void => {
  // Below the root, where the compiler finds the platforms' types.
  const project = join(root, `.nexus/build-${process.pid}.json`)
  mkdirSync(dirname(project), { recursive: true })
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    rootDir: root,
    outDir: out,
  }
  const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: [], files }
  writeFileSync(project, JSON.stringify(config))
  const tsc = join(root, "node_modules/typescript/bin/tsc")
  execFileSync(Deno.execPath(), ["run", "-A", tsc, "-p", project], { stdio: "inherit", timeout: 120_000 })
  rmSync(project)
}

/** Writes the package to `out`, which is emptied first; gives its manifest. */
export const build = (root: string, out: string) => {
  const source: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  const entries = [...Object.values(source.exports), ...Object.values(source.bin)]
  compile(root, out, entries.map((path) => resolve(root, path)))
  for (const file of filesBelow(out).filter((file) => file.endsWith(".d.ts"))) {
    writeFileSync(file, rewriteTypes(readFileSync(file, "utf8")))
  }
  const manifest = manifestOf(source)
  for (const path of Object.values(manifest.bin)) chmodSync(join(out, path), 0o755)
  cpSync(join(root, "cli/template"), join(out, "cli/template"), { recursive: true })
  copyFileSync(join(root, "LICENSE"), join(out, "LICENSE"))
  // The renderer of /docs is one file without dependencies: users install no more for it.
  const explorer = join(root, "node_modules/openapi-explorer")
  copyFileSync(join(explorer, "dist/browser/openapi-explorer.min.js"), join(out, "edge/openapi-explorer.min.js"))
  copyFileSync(join(explorer, "LICENSE"), join(out, "edge/openapi-explorer.LICENSE"))
  // Read at start; the compiler copies no such file.
  mkdirSync(join(out, "policies"), { recursive: true })
  copyFileSync(join(root, "policies/bundle.wasm"), join(out, "policies/bundle.wasm"))
  // What an OPA server has to hold where one decides.
  copyFileSync(join(root, "policies/authorization.rego"), join(out, "policies/authorization.rego"))
  copyFileSync(join(root, "docs/package.md"), join(out, "README.md"))
  writeFileSync(join(out, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`)
  return manifest
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname!, "..")
  const out = resolve(Deno.args[0] ?? join(root, "dist"))
  const { exports, name, version } = build(root, out)
  const files = filesBelow(out)
  const bytes = files.reduce((sum, file) => sum + readFileSync(file).length, 0)
  console.log(
    `${name} ${version}: ${Object.keys(exports).length - 1} entries, ${files.length} files, ${
      Math.ceil(bytes / 1024)
    } KiB`,
  )
}
