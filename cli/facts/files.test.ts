import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import * as files from "./files.ts"

const roots: Array<string> = []
afterAll(() => roots.forEach((root) => rmSync(root, { recursive: true })))
const folder = (given: Readonly<Record<string, string>>): string => {
  const root = mkdtempSync(join(tmpdir(), "nexus-files-"))
  roots.push(root)
  for (const [path, text] of Object.entries(given)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

describe("names for own files", () => {
  const means: ReadonlyArray<readonly [given: Readonly<Record<string, string>>, specifier: string, path: string]> = [
    [{ "deno.json": `{ "imports": { "@pay/": "./payments/" } }` }, "@pay/a.ts", "payments/a.ts"],
    [{ "deno.jsonc": `{ // "x": 1\n "imports": { "@pay/": "./payments/", } }` }, "@pay/a.ts", "payments/a.ts"],
    [
      {
        "deno.json": `{ "importMap": "./maps/own.json" }`,
        "maps/own.json": `{ "imports": { "@pay/": "../payments/" } }`,
      },
      "@pay/a.ts",
      "payments/a.ts",
    ],
    [{ "package.json": `{ "imports": { "#pay/*": { "node": "./payments/*.ts" } } }` }, "#pay/a", "payments/a.ts"],
    [
      { "tsconfig.json": `{ /* own */ "compilerOptions": { "paths": { "@pay/*": ["./payments/*"] } } }` },
      "@pay/a.ts",
      "payments/a.ts",
    ],
    [
      { "tsconfig.json": `{ "compilerOptions": { "baseUrl": "./src", "paths": { "@pay/*": ["payments/*"] } } }` },
      "@pay/a.ts",
      "src/payments/a.ts",
    ],
    [{ "tsconfig.json": `{ "compilerOptions": { "paths": { "a": ["./x//y.ts"] } } }` }, "a", "x/y.ts"],
  ]
  for (const [given, specifier, path] of means) {
    it(`are read from ${Object.entries(given).flat().join(" ")}`, () => {
      assert.strictEqual(files.aliases(folder(given))(specifier), path)
    })
  }
  it("are of no package", () => {
    const alias = files.aliases(folder({ "deno.json": `{ "imports": { "effect": "npm:effect@4" } }` }))
    assert.isUndefined(alias("effect"))
  })
  it("are never passed over: what cannot be read is said", () => {
    assert.throws(() => files.aliases(folder({ "deno.json": "{ imports }" })), /deno\.json is no JSON/)
  })
})

describe("a file that an import leads to", () => {
  it("is read wherever it lies, if it is code", () => {
    const root = folder({ "app/app.ts": "", "app/dist/a.ts": "a", "lib/b.ts": "b", "app/c.txt": "c" })
    const imported = files.imported(join(root, "app"))
    assert.deepStrictEqual([...files.below(join(root, "app")).keys()], ["app.ts"])
    assert.deepStrictEqual(["dist/a.ts", "../lib/b.ts", "c.txt", "none.ts"].map(imported), [
      ...["a", "b"],
      ...[undefined, undefined],
    ])
  })
})
