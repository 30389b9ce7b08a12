/**
 * Gitleaks over the whole history: the suite `gitleaks`. First it has to find a secret that was planted for it.
 * @module
 */
import { execFileSync } from "node:child_process"
import { find, isRequired, lacking, root } from "./tools.ts"

const { program } = find("gitleaks") ?? lacking("gitleaks")

const git = (cwd: string, ...args: ReadonlyArray<string>): string =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t.test", ...args], { cwd, encoding: "utf8" }).trim()

/** What it says of a repository; values are hidden. */
const scan = async (folder: string): Promise<{ readonly leaks: boolean; readonly said: string }> => {
  const { code, stderr } = await new Deno.Command(program, {
    args: ["git", "--no-banner", "--no-color", "--redact", "--verbose", "--exit-code", "3", "--log-opts=--all", folder],
    stdin: "null",
    stdout: "inherit",
    stderr: "piped",
  }).output()
  const said = new TextDecoder().decode(stderr)
  if (code !== 0 && code !== 3) throw new Error(said)
  return { leaks: code === 3, said }
}

/** A repository whose only secret was taken out again: only the history holds it. */
const planted = async (): Promise<boolean> => {
  const folder = await Deno.makeTempDir({ prefix: "nexus-gitleaks-" })
  // Put together here, so that this file does not hold it.
  const secret = ["ghp", crypto.randomUUID().replaceAll("-", "") + "A1b2"].join("_")
  git(folder, "init", "--quiet")
  for (const text of [`token = "${secret}"\n`, "token = read()\n"]) {
    await Deno.writeTextFile(`${folder}/a.ts`, text)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "a")
  }
  const { leaks } = await scan(folder)
  await Deno.remove(folder, { recursive: true })
  return leaks
}

const findsPlanted = await planted()
console.log(findsPlanted ? "finds what was planted (above)" : "does not find what was planted")
const shallow = git(root, "rev-parse", "--is-shallow-repository") === "true"
if (shallow) console.log("only a part of the history is here: fetch it all")
const { leaks, said } = await scan(root)
console.log(said.trimEnd())
const passed = [findsPlanted, !leaks, !(shallow && isRequired())]
const failed = passed.filter((well) => !well).length
console.log(JSON.stringify({ passed: passed.length - failed, failed, skipped: 0 }))
Deno.exit(failed === 0 ? 0 : 1)
