/**
 * `nexus init` from the built package, as a newcomer on Node would run it.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { deno, installBuilt, root, run } from "../tests/built.ts"
import { files } from "./init.ts"

let made: ReturnType<typeof installBuilt>
beforeAll(() => {
  made = installBuilt()
}, 120_000)
afterAll(() => made.remove())

const nexus = (...words: ReadonlyArray<string>) =>
  run("node", [join(made.built, "cli/main.js"), "init", ...words], made.folder)
const json = (...path: ReadonlyArray<string>) => JSON.parse(readFileSync(join(...path), "utf8"))

describe("init", () => {
  it("writes the template under the folder's name, says each file and what to do next", async () => {
    const { code, err, out } = await nexus("corner-shop")
    assert.deepStrictEqual([code, err], [0, ""])
    const written = readdirSync(join(made.folder, "corner-shop")).toSorted()
    const told = out.split("\n").flatMap((line) => /^ {2}(\S+) {2,}\S/.exec(line)?.[1] ?? [])
    assert.deepStrictEqual(told.toSorted(), written)
    assert.match(out, /Next:\n {2}cd corner-shop\n {2}npm install\n/)
    const read = (path: string) => readFileSync(join(made.folder, "corner-shop", path), "utf8")
    assert.include(read("app.ts"), `App.make("corner-shop", `)
    assert.include(read("README.md"), "# corner-shop\n")
    assert.strictEqual(json(made.folder, "corner-shop/package.json").name, "corner-shop")
    assert.strictEqual(read("GiftCard.ts"), readFileSync(join(root, "cli/template/GiftCard.ts"), "utf8"))
    assert.include(read(".gitignore"), "data/")
  })

  it("speaks JSON", async () => {
    const { out } = await nexus("in-json", "--json")
    const said = JSON.parse(out)
    assert.deepInclude(said, { name: "in-json", folder: join(made.folder, "in-json") })
    assert.lengthOf(said.files, files.length)
  })

  it("installs Nexus from the registry, or from the file it came from", async () => {
    await nexus("one")
    assert.strictEqual(json(made.folder, "one/package.json").dependencies["nexus-actors"], made.manifest.version)
    mkdirSync(join(made.folder, "files"))
    writeFileSync(join(made.folder, "files/n-1.tgz"), "packed")
    const packages = { "node_modules/nexus-actors": { resolved: "file:files/n-1.tgz" } }
    const installed = join(made.folder, "node_modules/.package-lock.json")
    writeFileSync(installed, JSON.stringify({ packages }))
    const { code, out } = await nexus("two")
    rmSync(installed)
    assert.strictEqual(code, 0)
    assert.match(out, /^ {2}n-1\.tgz +Nexus itself/m)
    assert.strictEqual(json(made.folder, "two/package.json").dependencies["nexus-actors"], "file:n-1.tgz")
    assert.strictEqual(readFileSync(join(made.folder, "two/n-1.tgz"), "utf8"), "packed")
  })

  it("touches nothing that is there, and refuses a name that npm would not take", { timeout: 120_000 }, async () => {
    mkdirSync(join(made.folder, "full"))
    writeFileSync(join(made.folder, "full/mine.txt"), "mine")
    writeFileSync(join(made.folder, "file"), "mine")
    for (const { code, err, out } of await Promise.all(["full", "file"].map((name) => nexus(name)))) {
      assert.deepStrictEqual([code, out], [1, ""])
      assert.match(err, /is not empty/)
    }
    assert.deepStrictEqual(readdirSync(join(made.folder, "full")), ["mine.txt"])
    for (const { code, err } of await Promise.all(["My Shop", "1shop", "shöp"].map((name) => nexus(name)))) {
      assert.strictEqual(code, 2)
      assert.match(err, /cannot name an application/)
    }
    assert.strictEqual((await nexus()).code, 2)
  })

  it("is part of the package, and says so in the repository", async () => {
    const { code, err } = await deno(["run", "-q", "-A", join(root, "cli/main.ts"), "init", "x"], made.folder)
    assert.strictEqual(code, 1)
    assert.match(err, /init runs from an installed package/)
  })
})

describe("the template", () => {
  it("is what init knows of it, with the versions that are tested here", () => {
    assert.deepStrictEqual(readdirSync(join(root, "cli/template")).toSorted(), files.map(([path]) => path).toSorted())
    const { dependencies, devDependencies, version } = json(root, "package.json")
    const ours = { ...devDependencies, ...dependencies, "nexus-actors": version }
    const theirs = json(root, "cli/template/_package.json")
    for (const [name, wanted] of Object.entries({ ...theirs.dependencies, ...theirs.devDependencies })) {
      assert.strictEqual(wanted, ours[name], name)
    }
  })

  it("keeps an aggregate within sixty lines", () => {
    const lines = ["GiftCard.contract.ts", "GiftCard.ts"].flatMap((file) =>
      readFileSync(join(root, "cli/template", file), "utf8").trimEnd().split("\n")
    )
    assert.isAtMost(lines.length, 60)
  })
})
