/**
 * Every command of README and of the guides, run in a fresh copy of the repository beside a server that README starts.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type Block, commandsOf, formOf, marked } from "../docs/blocks.ts"
import { guides } from "../docs/guides.ts"
import { freePort, type Sandbox, sandbox } from "./sandbox.ts"

/** Their commands are the quickstart's, which has a test of its own. */
const elsewhere = ["docs/quickstart.md", "docs/package.md", "cli/template/README.md"]
const all = guides().filter(({ path }) => !elsewhere.includes(path)).map(({ blocks, path }) => ({
  path,
  shell: blocks.flatMap((block, index) =>
    block.lang === "sh" && !/^(run by|not run): /.test(block.mark) ? [{ block, next: blocks[index + 1] }] : []
  ),
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

/** `<!-- status: 404 -->` where a block shows a refusal; every other answer of a guide is a good one. */
const isMeant = (block: Block, status: string) => {
  const wanted = marked(block, "status")
  return wanted === undefined ? /^2\d\d$/.test(status) : status === wanted
}

/** `<!-- prints -->` before the block that follows: all of it; `prints the end`: the last lines. */
const shown = (out: string, next: Block | undefined) => {
  if (next?.mark !== "prints" && next?.mark !== "prints the end") return undefined
  const [ran, said] = [formOf(out), formOf(next.text)]
  return { said, ran: next.mark === "prints" ? ran : ran.slice(-said.length) }
}

describe("the commands of a guide", () => {
  it("are found", () => assert.include(all.map(({ path }) => path), "README.md"))
  for (const { path, shell } of all) {
    it(`do what ${path} says`, { timeout: 300_000 }, async () => {
      for (const { block, next } of shell) {
        const at = `${path}:${block.line}`
        const { code, err, out } = await box.sh(commandsOf(block.text).map(asked), box.clone, { TOKEN: token })
        assert.strictEqual(code, 0, `${at}\n${out}\n${err}`)
        for (const [, body, status] of out.matchAll(/^(.*)\n(\d{3})$/gm)) {
          assert.isTrue(isMeant(block, status!), `${at} ${status} ${body}`)
        }
        const compared = shown(out, next)
        if (compared !== undefined) assert.deepStrictEqual(compared.ran, compared.said, `${path}:${next!.line}`)
      }
    })
  }
})
