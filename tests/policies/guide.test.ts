/**
 * The worked example of the guide: that file in the example, judged, says what the guide shows.
 * @module
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { afterAll, assert, it } from "vitest"
import { deno, root } from "../built.ts"
import { blocksOf, marked } from "../docs/blocks.ts"

mkdirSync(".nexus", { recursive: true })
const folder = mkdtempSync(resolve(".nexus/guide-"))
afterAll(() => rmSync(folder, { recursive: true }))

it("what docs/policies.md shows as red is red, word for word", { timeout: 120_000 }, async () => {
  const blocks = blocksOf(readFileSync("docs/policies.md", "utf8"))
  const rule = blocks.find((block) => marked(block, "rule") !== undefined)!
  cpSync("examples/orders", join(folder, "examples/orders"), { recursive: true })
  writeFileSync(join(folder, marked(rule, "rule")!), `${rule.text}\n`)
  const args = ["run", "-q", "-A", join(root, "cli/main.ts"), "policies", "check", "--app", "examples/orders/app.ts"]
  const { code, err, out } = await deno(args, folder)
  assert.strictEqual(code, 1, err)
  assert.strictEqual(out.trimEnd(), blocks.find(({ mark }) => mark === "judged")!.text)
})
