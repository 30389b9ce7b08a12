/**
 * The workflows, here and in the template: nothing is deployed unless tests, facts, schemas and policies have passed.
 * @module
 */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { runsOf } from "./workflow.ts"

const workflows = {
  "here": [".github/workflows/nexus.yaml", ".ci/run"],
  "in the template": ["cli/template/_github/workflows/nexus.yaml", "task test"],
} as const

for (const [where, [file, tests]] of Object.entries(workflows)) {
  describe(`the workflow ${where}`, () => {
    const text = readFileSync(file, "utf8")
    it("tests, extracts facts, checks schemas and policies, and lets nothing pass by", () => {
      const check = runsOf(text, "check")
      const at = [tests, "policies facts", "schemas check", "policies check"].map((what) =>
        check.findIndex((line) => line.includes(what))
      )
      assert.isTrue(at.every((index) => index >= 0), check.join("\n"))
      assert.notMatch(text, /continue-on-error|always\(\)|failure\(\)|\|\| *true|\|\| *:/)
    })
    it("deploys after that alone, and from the main branch", () => {
      const deploy = text.slice(text.indexOf("\n  deploy:\n"))
      assert.match(
        deploy,
        /^\n {2}deploy:\n {4}needs: check\n {4}if: github.event_name == 'push' && github.ref == 'refs\/heads\/main'\n/,
      )
      assert.isNotEmpty(runsOf(text, "deploy"))
    })
    it("may read the repository, and nothing else", () => {
      assert.match(text, /^permissions:\n {2}contents: read\n\w/m)
      assert.lengthOf([...text.matchAll(/permissions:/g)], 1)
    })
  })
}
