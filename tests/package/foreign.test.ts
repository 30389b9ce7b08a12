/**
 * The foreign service against the packed package, on Node, as its own project would have it.
 * @module
 */
import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import { cpSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../built.ts"
import { foreign } from "./manifests.ts"
import { type Sandbox, sandbox } from "./sandbox.ts"

let box: Sandbox
beforeAll(() => {
  box = sandbox()
})
afterAll(() => box.remove())

it("composes, type-checks and keeps its tests", { timeout: 240_000 }, async () => {
  const project = join(box.folder, "loyalty")
  cpSync(join(root, "tests/package/foreign"), project, { recursive: true })
  writeFileSync(join(project, "package.json"), JSON.stringify(foreign("file:nexus-actors.tgz")))
  cpSync(join(root, "cli/template/_tsconfig.json"), join(project, "tsconfig.json"))
  const packed = await box.sh([
    "npx -y deno@2.9.5 task build ../dist",
    "npm pack ../dist",
    `mv nexus-actors-*.tgz ${join(project, "nexus-actors.tgz")}`,
  ], box.clone)
  assert.strictEqual(packed.code, 0, packed.err)
  const { code, err, out } = await box.sh(["npm install", "npx tsc", "npx vitest run"], project)
  assert.strictEqual(code, 0, `${out}\n${err}`)
  assert.match(out, /Test Files +2 passed/)
})
