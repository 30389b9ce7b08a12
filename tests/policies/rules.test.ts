/**
 * Each rule of the architecture by an application that breaks it and one that was repaired: written to disk, imported,
 * read by the real extractor, judged by the real bundle.
 * @module
 */
import { Effect } from "effect"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { load } from "../../cli/facts/load.ts"
import { judge } from "../../cli/judge.ts"
import * as opa from "../../cli/opa.ts"
import type { App } from "../../core/App.ts"
import * as Declared from "../../core/Declared.ts"
import * as Lock from "../../schemas/Lock.ts"
import { base, type Files, type Fixture } from "./fixtures/base.ts"
import { decoupling } from "./fixtures/decoupling.ts"
import { immutability } from "./fixtures/immutability.ts"
import { limits } from "./fixtures/limits.ts"
import { lockedBefore, registration, unregistered } from "./fixtures/registration.ts"

mkdirSync(".nexus", { recursive: true })
const root = mkdtempSync(resolve(".nexus/rules-"))
afterAll(() => rmSync(root, { recursive: true }))

const lockOf = (app: App, registryVersion: number | null): string =>
  Lock.render({
    folds: [],
    revisions: Declared.make(app).map(({ hash2020, subject }) => ({
      ...{ subject, revision: 1, hash2020, hash07: hash2020, registryVersion },
    })),
  })

let written = 0
/** In a folder of its own, since a module is imported once. */
const write = async (more: Files): Promise<{ readonly folder: string; readonly app: App }> => {
  const folder = join(root, `${written++}`)
  for (const [path, text] of Object.entries({ ...base, ...more })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const { default: app } = await import(/* @vite-ignore */ join(folder, "app.ts")) as { readonly default: App }
  const asked = more["events.lock"]
  const locked = asked === lockedBefore ? (await write({})).app : app
  writeFileSync(join(folder, "events.lock"), lockOf(locked, asked === unregistered ? null : 1))
  return { folder, app }
}

const findings = async (more: Files, templates: Fixture["templates"] = []) => {
  const { app, folder } = await write(more)
  const file = join(folder, "app.ts")
  const paths = templates.map((path) => join(folder, path))
  const judged = Effect.flatMap(load(app, file, paths), (facts) => judge(facts, file))
  return (await Effect.runPromise(judged)).findings.map((one) => ({ ...one, file: one.file.replace(`${folder}/`, "") }))
}

describe("the application that all fixtures are made from", () => {
  it("keeps every policy", async () => assert.deepStrictEqual(await findings({}), []))
})

/** What a policy calls its rules: a word, or the words of a table; any other way to name one fails here. */
const rulesOf = (text: string): ReadonlyArray<string> => {
  const policy = /^policy := "([a-z]+)"$/m.exec(text)?.[1]
  const named = [...text.matchAll(/^\t"rule": (?:"([a-z-]+)"|(\w+)\[[\w.]+\]),$/gm)]
  assert.lengthOf(named, [...text.matchAll(/^violations\b/gm)].length, policy)
  return named.flatMap(([, word, table]) => {
    if (word !== undefined) return [word]
    const [, words = ""] = new RegExp(`^${table} := \\{$([^}]*)`, "m").exec(text)!
    return Array.from(words.matchAll(/": "([a-z-]+)"/g), ([, one]) => one!)
  }).map((rule) => `${policy}/${rule}`)
}

const all = [...decoupling, ...immutability, ...registration, ...limits]

it("every rule of the policies has an application that breaks it and one that was repaired", () => {
  // The other two unite them, and decide while the application runs.
  const files = opa.filesOf("policies", false).filter((file) => !/^(architecture|authorization)\./.test(file))
  const rules = files.flatMap((file) => rulesOf(readFileSync(join("policies", file), "utf8")))
  assert.isNotEmpty(rules)
  assert.sameMembers([...new Set(all.map(({ rule }) => rule))], rules)
})

for (const { at, broken, how, repaired, rule, templates } of all) {
  describe(rule, () => {
    it(`finds ${how}, and says where, why and how to repair it`, async () => {
      const found = await findings(broken, templates)
      assert.deepStrictEqual([...new Set(found.map(({ policy, rule }) => `${policy}/${rule}`))], [rule])
      assert.include(found.map(({ file, line }) => `${file}:${line}`), at)
      for (const { repair, why } of found) assert.isTrue(why.length > 20 && repair.length > 20)
    })
    it(`finds nothing once ${how} is repaired`, async () => {
      assert.deepStrictEqual(await findings(repaired, templates), [])
    })
  })
}
