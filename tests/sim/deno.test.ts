import { assert, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"

it("runLaws() of testing/deno registers one test a law", { timeout: 60_000 }, () => {
  const run = (...more: ReadonlyArray<string>) =>
    spawnSync(Deno.execPath(), ["test", "-A", "--no-check", "tests/sim/laws.deno.ts", ...more], {
      encoding: "utf8",
      env: { ...Deno.env.toObject(), NO_COLOR: "1" },
    })
  const { status, stdout } = run()
  assert.strictEqual(status, 0, stdout)
  assert.match(stdout, /commit\(\) lets exactly one of 64 rivals win \.\.\. ok/)
  assert.match(stdout, /Account evolves on every event[^\n]* \.\.\. ok/)
  assert.strictEqual(run("--", "broken").status, 1, "a broken law must fail")
})
