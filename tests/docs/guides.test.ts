/**
 * What README and guides show is true: excerpts equal their files, programs compile and run, commands exist.
 *
 * That the commands do what is said is shown by the suite `package`, which runs them.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { helpOf } from "../../cli/parse.ts"
import { verbsOf } from "../../cli/verbs.ts"
import { deno, root } from "../built.ts"
import { commandsOf, marked } from "./blocks.ts"
import { guides, programsOf } from "./guides.ts"

const all = guides()
const programs = all.flatMap(programsOf)
/** Inside the repository, where the package's own name and its dependencies are found. */
const folder = `.nexus/docs-${process.pid}`
const file = (index: number) => join(folder, `block${index}.ts`)

beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  programs.forEach(({ text }, index) => writeFileSync(file(index), text))
})
afterAll(() => rmSync(folder, { recursive: true }))

it("README leads to every guide", () => {
  const readme = readFileSync("README.md", "utf8")
  for (const { path } of all.filter(({ path }) => /^docs\/[^/]+$/.test(path))) assert.include(readme, `](${path})`)
})

describe("an excerpt", () => {
  for (const { blocks, path } of all) {
    for (const block of blocks) {
      const from = marked(block, "file")
      if (from === undefined) continue
      it(`of ${path}:${block.line} equals ${from}`, () => {
        assert.include(`\n${readFileSync(from, "utf8")}`, `\n${block.text}\n`)
      })
    }
  }
})

it("output in a guide is held to a run by the suite package", () => {
  for (const { blocks, path } of all) {
    for (const { line, mark } of blocks.filter(({ lang }) => lang === "text" || lang === "")) {
      assert.include(["prints", "prints the end", "check says", "folders", "judged"], mark, `${path}:${line}`)
    }
  }
})

it("a list of folders names those that are there", () => {
  const lists = all.flatMap(({ blocks }) => blocks.filter(({ mark }) => mark === "folders"))
  assert.isNotEmpty(lists)
  const named = lists.flatMap(({ text }) => text.split("\n").map((line) => line.split(" ")[0]!))
  for (const path of named) assert.isTrue(path.endsWith("/") && existsSync(path), path)
})

describe("TypeScript in a guide", () => {
  it("compiles", { timeout: 120_000 }, async () => {
    const config = { extends: "../../tsconfig.json", include: ["*.ts"], exclude: [] }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    const { code, out } = await deno(["run", "-A", "node_modules/typescript/bin/tsc", "-p", folder], root)
    const said = out.replaceAll(/[^\s]*block(\d+)\.ts/g, (_, index) => programs[Number(index)]?.at ?? "")
    assert.strictEqual(code, 0, said)
  })

  it("runs", { timeout: 120_000 }, async () => {
    const runs = programs.flatMap(({ runs }, index) => runs ? [index] : [])
    assert.isNotEmpty(runs)
    const lines = runs.map((index) =>
      `await import("./block${index}.ts").catch((e) => { console.error("${programs[index]!.at}", e); Deno.exit(1) })`
    )
    writeFileSync(join(folder, "all.mjs"), lines.join("\n"))
    const { code, err } = await deno(["run", "-A", join(folder, "all.mjs")], root)
    assert.strictEqual(code, 0, err)
  })
})

describe("a command in a guide", () => {
  const tasks = JSON.parse(readFileSync("deno.json", "utf8")).tasks
  const known =
    /^(npx -y deno@2\.9\.5 task |npx -y --package=|npm (install|pack|test)\b|opa run |curl |export |cd |nexus )/
  for (const { blocks, path } of all) {
    const shell = blocks.filter(({ lang }) => lang === "sh")
    if (shell.length === 0) continue
    it(`exists, wherever ${path} names one`, () => {
      for (const block of shell) {
        const by = marked(block, "run by")
        if (by !== undefined) {
          assert.isTrue(existsSync(by), `${path}:${block.line} is run by ${by}, which does not exist`)
        }
        for (const line of commandsOf(block.text)) {
          assert.match(line, known, `${path}:${block.line}: mark it with the test that runs it: <!-- run by: path -->`)
          const task = /deno@2\.9\.5 task (\S+)/.exec(line)?.[1]
          if (task !== undefined) assert.property(tasks, task, `${path}:${block.line}`)
        }
      }
    })
  }

  it("gives the command line only verbs, options and applications that are there", () => {
    const said = all.flatMap(({ blocks, path }) =>
      blocks.filter(({ lang }) => lang === "sh").flatMap(({ line, text }) =>
        commandsOf(text).flatMap((command) => {
          const [, verb, rest] =
            /\bnexus (?!init)((?:(?:schemas|policies|dead-letters) )?[a-z]+)(?: (.*))?$/.exec(command) ?? []
          return verb === undefined ? [] : [{ at: `${path}:${line}`, words: [verb, ...(rest ?? "").split(" ")] }]
        })
      )
    )
    const verbs = new Map(verbsOf(() => Effect.void).map((verb) => [verb.name, helpOf(verb)]))
    for (const { at, words: [verb = "", ...rest] } of said) {
      const help = verbs.get(verb)
      assert.isDefined(help, at)
      for (const option of rest.filter((word) => word.startsWith("--"))) assert.include(help, `${option} `, at)
      const app = rest[rest.indexOf("--app") + 1]
      if (rest.includes("--app")) assert.isTrue(existsSync(app!), `${at}: ${app} does not exist`)
    }
  })
})
