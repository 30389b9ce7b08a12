/**
 * Every command of README and of the guides, run in a fresh copy of the repository beside a server that README starts.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { commandsOf, marked } from "../docs/blocks.ts"
import { guides } from "../docs/guides.ts"
import { freePort, type Sandbox, sandbox } from "./sandbox.ts"

/** Their commands are the quickstart's, which has a test of its own. */
const elsewhere = ["docs/quickstart.md", "docs/package.md", "cli/template/README.md"]
const all = guides().filter(({ path }) => !elsewhere.includes(path)).map(({ blocks, path }) => ({
  path,
  shell: blocks.filter((block) => block.lang === "sh" && marked(block, "run by") === undefined),
})).filter(({ shell }) => shell.length > 0)

let box: Sandbox
let port = 0
let token = ""
beforeAll(async () => {
  box = sandbox()
  port = await freePort()
  const server = await box.start("npx -y deno@2.9.5 task run", box.clone, /^TOKEN=(\S+)$/m, { PORT: `${port}` })
  token = server.found[1]!
}, 120_000)
afterAll(() => box.remove())

const asked = (line: string) => line.replaceAll("8787", `${port}`).replace("TOKEN=...", `TOKEN=${token}`)

/** An answer is a refusal by design (nothing there yet, for one), never a route that does not exist or a wrong token. */
const isAnswer = (body: string, status: number) =>
  status < 300 || ([404, 409, 422].includes(status) && !/no-such-route|invalid-query/.test(body))

describe("the commands of a guide", () => {
  it("are found", () => assert.include(all.map(({ path }) => path), "README.md"))
  for (const { path, shell } of all) {
    it(`do what ${path} says`, { timeout: 300_000 }, async () => {
      for (const { line, text } of shell) {
        const { code, err, out } = await box.sh(commandsOf(text).map(asked), box.clone, { TOKEN: token })
        assert.strictEqual(code, 0, `${path}:${line}\n${out}\n${err}`)
        for (const [, body = "", status] of out.matchAll(/^(.*)\n(\d{3})$/gm)) {
          const fine = path === "README.md" ? Number(status) < 300 : isAnswer(body, Number(status))
          assert.isTrue(fine, `${path}:${line} ${status} ${body}`)
        }
      }
    })
  }
})
