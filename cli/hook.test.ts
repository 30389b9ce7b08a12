/**
 * The hook in real repositories: installed, run by git, refused where another one is.
 * @module
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { deno, root, run } from "../tests/built.ts"

const folder = realpathSync(mkdtempSync(join(tmpdir(), "nexus-hook-")))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const main = join(root, "cli/main.ts")
const install = (cwd: string, ...words: ReadonlyArray<string>) =>
  deno(["run", "-q", "-A", main, "policies", "hook", ...words], cwd)
const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
const git = (cwd: string, ...words: ReadonlyArray<string>) => run("git", [...identity, ...words], cwd)

/** Says what it was asked, and fails where the file `broken` names the verb. */
const task = `#!/bin/sh
echo "asked: $*"
! grep -q "$4" broken 2>/dev/null
`
const project = async (name: string, below = ""): Promise<{ top: string; home: string; path: string }> => {
  const top = join(folder, name)
  const home = join(top, below)
  mkdirSync(join(home, "bin"), { recursive: true })
  writeFileSync(join(home, "app.ts"), "")
  writeFileSync(join(home, "bin/deno"), task)
  chmodSync(join(home, "bin/deno"), 0o755)
  assert.strictEqual((await git(top, "init", "-q")).code, 0)
  return { top, home, path: join(top, ".git/hooks/pre-commit") }
}
const commit = (cwd: string, home: string) =>
  run("git", [...identity, "commit", "-q", "--allow-empty", "-m", "x"], cwd, {
    PATH: `${join(home, "bin")}:${Deno.env.get("PATH")}`,
  })

describe("nexus policies hook", { timeout: 120_000 }, () => {
  it("lets git run both checks before a commit, and stop it", async () => {
    const { home, top } = await project("plain")
    const { code, out } = await install(home)
    assert.deepStrictEqual([code, out], [0, "installed .git/hooks/pre-commit: commits are checked from now on\n"])
    const first = await commit(top, home)
    assert.strictEqual(first.code, 0, first.err)
    const said = `${first.out}${first.err}`
    assert.include(
      said,
      "asked: task -q nexus schemas check --app ./app.ts\nasked: task -q nexus policies check --app ./app.ts",
    )
    for (const verb of ["schemas", "policies"]) {
      writeFileSync(join(home, "broken"), verb)
      assert.strictEqual((await commit(top, home)).code, 1)
    }
    assert.match((await git(top, "log", "--oneline")).out, /^\S+ x\n$/)
  })

  it("goes to the project below the top, whatever its folder is called, and is installed again over itself", async () => {
    const { home, path, top } = await project("wide", `apps/my "shop" $HOME`)
    for (const app of ["./app.ts", "app.ts"]) assert.strictEqual((await install(home, "--app", app)).code, 0)
    const { code, err, out } = await commit(top, home)
    assert.strictEqual(code, 0, err)
    assert.include(`${out}${err}`, "asked: task -q nexus policies check --app app.ts")
    assert.include(readFileSync(path, "utf8"), "\\$HOME")
  })

  it("touches no hook that somebody else wrote, and says what to add to it", async () => {
    const { home, path } = await project("foreign")
    writeFileSync(path, "#!/bin/sh\nexit 0\n")
    const { code, err } = await install(home)
    assert.strictEqual(code, 1)
    assert.match(err, /not ours: nothing was changed[\s\S]*nexus schemas check .* && nexus policies check/)
    assert.strictEqual(readFileSync(path, "utf8"), "#!/bin/sh\nexit 0\n")
  })

  it("installs the project's own copy where it has one", async () => {
    const { home, path } = await project("own")
    mkdirSync(join(home, "hooks"))
    const text = readFileSync(join(root, "cli/template/hooks/pre-commit"), "utf8")
    writeFileSync(join(home, "hooks/pre-commit"), `${text}echo more\n`)
    assert.strictEqual((await install(home)).code, 0)
    assert.strictEqual(readFileSync(path, "utf8"), `${text}echo more\n`)
  })

  it("needs a repository and an application", async () => {
    const bare = join(folder, "bare")
    mkdirSync(bare)
    assert.match((await install(bare)).err, /there is no \.\/app\.ts/)
    writeFileSync(join(bare, "app.ts"), "")
    assert.match((await install(bare)).err, /no git repository/)
  })
})
