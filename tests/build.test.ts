/**
 * The package as it is built: every entry loads and type-checks outside the repository, and nothing else is in it.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { rewriteTypes } from "./build.ts"
import { deno, installBuilt, root, run } from "./built.ts"

/** Packed; a package that grows past it has taken in something that is not its own. */
const packedKiBMax = 1_100

/** Of statements and of `import("…")`; a type imported as `typeof import("…")` is one too. */
const specifiers = /(?:^(?:import|export)\b(?:[^"';]*\bfrom)? ?|\bimport\()"([^"]+)"/gm

let made: ReturnType<typeof installBuilt>
let files: ReadonlyArray<string> = []
const text = (path: string) => readFileSync(join(made.built, path), "utf8")
const json = (file: string) => JSON.parse(readFileSync(file, "utf8"))
/** `nexus-actors/core` and so on. */
const entries = () => Object.keys(made.manifest.exports).filter((subpath) => subpath !== "./package.json")
const specifier = (subpath: string) => `nexus-actors${subpath.slice(1)}`

beforeAll(() => {
  made = installBuilt()
  files = readdirSync(made.built, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(made.built, path)).isFile())
}, 120_000)
afterAll(() => made.remove())

/** Loads all entries in a program of its own; the names each exports. */
const names = async (program: "deno" | "node") => {
  const script = join(made.folder, "names.mjs")
  const lines = entries().map((subpath) =>
    `all["${subpath}"] = Object.keys(await import("${specifier(subpath)}")).sort()`
  )
  writeFileSync(script, `const all = {}\n${lines.join("\n")}\nconsole.log(JSON.stringify(all))\n`)
  const { code, err, out } = program === "deno"
    ? await deno(["run", "-A", script], made.folder)
    : await run("node", [script], made.folder)
  assert.strictEqual(code, 0, err)
  return JSON.parse(out)
}

describe("the built package", () => {
  it("has the entries of the sources, each with JavaScript and types", () => {
    assert.deepStrictEqual(entries(), Object.keys(json(join(root, "deno.json")).exports))
    for (const entry of Object.values(made.manifest.exports)) {
      for (const path of Object.values(typeof entry === "string" ? { entry } : entry)) {
        assert.include(files, path.slice(2))
      }
    }
  })

  it("holds the policies, for this process and for an OPA server", () => {
    for (const path of ["policies/bundle.wasm", "policies/authorization.rego"]) {
      assert.isTrue(readFileSync(join(root, path)).equals(readFileSync(join(made.built, path))), path)
    }
  })

  it("imports only what it holds or names, and no TypeScript", () => {
    const { dependencies, peerDependencies } = made.manifest
    const named = Object.keys({ ...dependencies, ...peerDependencies })
    // The renderer of /docs is one bundle: words of its texts look like imports.
    for (const path of files.filter((path) => /^(?!cli\/template\/).*(?<!\.min)\.(js|d\.ts)$/.test(path))) {
      for (const [, to = ""] of text(path).matchAll(specifiers)) {
        assert.notMatch(to, /(\.ts|^npm:|^jsr:|^https?:.*)$/, path)
        if (to.startsWith(".")) continue
        const name = to.split("/", to.startsWith("@") ? 2 : 1).join("/")
        assert.isTrue(to.startsWith("node:") || named.includes(name), `${path} imports ${to}`)
      }
    }
  })

  it("holds code, types, template, licence and readme, and nothing of tests or of the place of writing", () => {
    const code = /^(schemas|core|runtime|edge|policies|testing|cli)\/.+\.(js|d\.ts)$/
    const data = /^(policies\/(bundle\.wasm|authorization\.rego)|(.+\.)?LICENSE|README\.md|package\.json)$/
    const own = (path: string) => code.test(path) || data.test(path)
    const foreign = files.filter((path) => !own(path) && !path.startsWith("cli/template/"))
    assert.deepStrictEqual(foreign, [])
    const tests = files.filter((path) => /\.test\.|\.types\.|(^|\/)test[A-Z]|bench|\.(env|pem|db|key)$/.test(path))
    assert.deepStrictEqual(tests.filter((path) => !path.startsWith("cli/template/")), [])
    for (const path of files) assert.notInclude(text(path), root, path)
    for (const subpath of entries()) assert.include(text("README.md"), `\`${specifier(subpath)}\``)
    assert.match(text("LICENSE"), /Apache License\s+Version 2\.0/)
  })

  it("says what it needs: effect as a peer, other packages exactly", () => {
    const { bin, dependencies, license, peerDependencies } = made.manifest as typeof made.manifest & { license: string }
    assert.notProperty(dependencies, "effect")
    assert.strictEqual(peerDependencies.effect, `~${json(join(root, "package.json")).dependencies.effect}`)
    for (const version of Object.values(dependencies)) assert.match(version, /^\d+\.\d+\.\d+$/)
    assert.strictEqual(license, "Apache-2.0")
    const [main = ""] = Object.values(bin)
    assert.match(text(main), /^#!\/usr\/bin\/env node\n/)
    assert.strictEqual(statSync(join(made.built, main)).mode & 0o111, 0o111)
  })

  it("loads on Deno and on Node, each entry with the names of its source", { timeout: 60_000 }, async () => {
    const [onDeno, onNode] = await Promise.all([names("deno"), names("node")])
    assert.deepStrictEqual(onDeno, onNode)
    const sources: Record<string, string> = json(join(root, "deno.json")).exports
    const lines = Object.entries(sources).map(([subpath, path]) =>
      `all["${subpath}"] = Object.keys(await import(${JSON.stringify(join(root, path))})).sort()`
    )
    const { err, out } = await deno(
      ["eval", `const all = {}\n${lines.join("\n")}\nconsole.log(JSON.stringify(all))`],
      root,
    )
    assert.deepStrictEqual(onNode, JSON.parse(out || "null"), err)
  })

  it("type-checks for its users, its own types included", { timeout: 120_000 }, async () => {
    // AWS's own types speak of Node's.
    const onNode = (subpath: string) => /dynamodb|kinesis|sns-sqs/.test(subpath)
    const tsc = join(root, "node_modules/typescript/bin/tsc")
    const kinds = [["NodeNext", "NodeNext"], ["ESNext", "Bundler"]] as const
    for (const [[kind, moduleResolution], types] of [[kinds[0], []], [kinds[1], []], [kinds[0], ["node"]]] as const) {
      const checked = entries().filter((subpath) => types.length > 0 || !onNode(subpath))
      const lines = checked.map((subpath, i) => `export * as e${i} from "${specifier(subpath)}"`)
      writeFileSync(join(made.folder, "all.ts"), `${lines.join("\n")}\n`)
      const compilerOptions = {
        ...{ target: "ESNext", lib: ["ESNext", "DOM"], types, strict: true, noEmit: true },
        typeRoots: [join(root, "node_modules/@types")],
      }
      const config = { compilerOptions: { ...compilerOptions, module: kind, moduleResolution }, files: ["all.ts"] }
      writeFileSync(join(made.folder, "tsconfig.json"), JSON.stringify(config))
      const { code, err, out } = await deno(["run", "-A", tsc, "-p", made.folder], root)
      assert.strictEqual(code, 0, `${out}${err}`)
    }
  })

  it("serves the reference page from what is packed", { timeout: 60_000 }, async () => {
    const script = join(made.folder, "docs.mjs")
    writeFileSync(
      script,
      `import { start } from "nexus-actors/edge/deno"
const { stop, url } = await start({ name: "x", aggregates: {}, consumers: {} }, { env: { PORT: "0", NEXUS_DATA: "docs-data" } })
const script = await fetch(url + "/docs/openapi-explorer.js")
console.log(script.status, (await script.text()).length, (await fetch(url + "/docs")).status)
await stop()
`,
    )
    const { err, out } = await deno(["run", "-A", script], made.folder)
    assert.match(out, /^200 7\d{5} 200$/m, err)
    assert.match(text("edge/openapi-explorer.LICENSE"), /Apache License/)
  })

  it("says what to do where a runtime has no SQLite", { timeout: 60_000 }, async () => {
    const script = join(made.folder, "serve.mjs")
    const app = `{ name: "x", aggregates: {}, consumers: {} }`
    writeFileSync(
      script,
      `process.getBuiltinModule = () => undefined\nawait (await import("nexus-actors/edge/deno")).serve(${app})\n`,
    )
    const { code, err } = await run("node", [script], made.folder)
    assert.strictEqual(code, 1, err)
    assert.match(err, /^nexus: cannot open .*no-sqlite.*run with Deno, or with Node 24 or newer\.$/m)
  })

  it("packs small", { timeout: 60_000 }, async () => {
    const { err, out } = await run("npm", ["pack", "--json", "--pack-destination", made.folder], made.built)
    const [{ filename, size }] = JSON.parse(out || err)
    assert.strictEqual(filename, `nexus-actors-${made.manifest.version}.tgz`)
    assert.isTrue(existsSync(join(made.folder, filename)))
    console.log(`packed: ${Math.ceil(size / 1024)} KiB`)
    assert.isBelow(size / 1024, packedKiBMax)
  })
})

describe("rewriteTypes()", () => {
  it("changes relative specifiers alone", () => {
    const before =
      `import type { A } from "./A.ts"\nexport * from "../b/C.ts"\ntype D = import("./D.ts").D\nconst e = "./E.ts"`
    const after =
      `import type { A } from "./A.js"\nexport * from "../b/C.js"\ntype D = import("./D.js").D\nconst e = "./E.ts"`
    assert.strictEqual(rewriteTypes(before), after)
  })
})
