/**
 * The quickstart, done as it is written: in an empty folder, from the packed package, every command and every change.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Ran, root } from "../built.ts"
import { type Block, blocksOf, commandsOf, edited, marked } from "../docs/blocks.ts"
import { runsOf } from "../policies/workflow.ts"
import { freePort, type Running, type Sandbox, sandbox } from "./sandbox.ts"

const blocks = blocksOf(readFileSync(join(root, "docs/quickstart.md"), "utf8"))
const shell = blocks.filter(({ lang }) => lang === "sh").map(({ text }) => commandsOf(text))
const [install, firstTest, serve, ask, lastTest, govern] = shell as [
  string[],
  string[],
  string[],
  string[],
  string[],
  string[],
]
const only = (mark: string): Block => blocks.find((block) => block.mark === mark)!

let box: Sandbox
let shop = ""
beforeAll(() => {
  box = sandbox()
  shop = join(box.folder, "shop")
})
afterAll(() => box.remove())

const ends = ({ code, err, out }: Ran, wanted = 0): string => {
  assert.strictEqual(code, wanted, `${out}\n${err}`)
  return `${out}\n${err}`
}

/** The commands of "Run it", with the port and the token of this run. */
let port = 0
let token = ""
const asked = (line: string) => line.replace("8787", `${port}`).replace("TOKEN=...", `TOKEN=${token}`)
const answers = async (lines: ReadonlyArray<string>) => {
  const { code, err, out } = await box.sh(lines.map(asked), shop)
  assert.strictEqual(code, 0, err)
  return out.trim().split("\n").filter((line) => !/^\d{3}$/.test(line))
}
const serving = async (): Promise<Running> => {
  const server = await box.start(serve[0]!, shop, /^TOKEN=(\S+)$/m, { PORT: `${port}` })
  token = server.found[1]!
  return server
}

describe("the quickstart", () => {
  it("has the steps that are run here", () => {
    assert.lengthOf(shell, 6)
    assert.deepStrictEqual([serve.length, ask.length, lastTest], [1, 4, firstTest])
    assert.lengthOf(blocks.filter((block) => marked(block, "edit") !== undefined), 3)
    const known = shell.flat()
    for (const path of ["cli/template/README.md", "docs/package.md"]) {
      for (const { text } of blocksOf(readFileSync(join(root, path), "utf8")).filter(({ lang }) => lang === "sh")) {
        for (const line of commandsOf(text)) assert.include(known, line, `${path} says what is not run here`)
      }
    }
  })

  it("builds, packs and installs, and writes an application", { timeout: 240_000 }, async () => {
    const said = ends(await box.sh(install, box.clone))
    assert.match(said, /^Wrote "shop", a shop's gift cards, to \.\.\/shop:$/m)
    const { dependencies } = JSON.parse(readFileSync(join(shop, "package.json"), "utf8"))
    assert.match(dependencies["nexus-actors"], /^file:nexus-actors-\d+\.\d+\.\d+\.tgz$/)
    // One copy of effect: services and fibers of two would not meet.
    assert.isFalse(existsSync(join(shop, "node_modules/nexus-actors/node_modules")))
  })

  it("checks and tests it on Deno, and on Node", { timeout: 240_000 }, async () => {
    const onDeno = ends(await box.sh(firstTest, shop))
    const onNode = ends(await box.sh(["npm run check", "npm test"], shop))
    for (const said of [onDeno, onNode]) assert.match(said, /Tests +11 passed/)
  })

  it("keeps the policies, and does all that its workflow would before it deploys", { timeout: 240_000 }, async () => {
    const runs = runsOf(readFileSync(join(shop, ".github/workflows/nexus.yaml"), "utf8"), "check")
      .filter((line) => /task nexus/.test(line))
    assert.lengthOf(runs, 4)
    const said = ends(await box.sh(runs, shop))
    assert.match(said, /^ok: shop keeps the policies \(1 service, 1 aggregate, 2 event versions,/m)
    assert.match(said, /^wrote services\.html: 1 service, 0 edges, 0 in red$/m)
  })

  it("serves it, asks it, and finds it again", { timeout: 240_000 }, async () => {
    port = await freePort()
    let server = await serving()
    const [issued = "", redeemed = "", state = ""] = await answers(ask)
    assert.deepInclude(JSON.parse(issued), { id: "card-1", version: 1 })
    const wanted = JSON.parse(only("answers").text)
    const { validUntil, ...card } = JSON.parse(state).state
    assert.match(validUntil, /^\d{4}-/)
    assert.deepStrictEqual({ version: JSON.parse(state).version, state: card }, wanted)

    const [token, , redeem = "", read = ""] = ask as [string, string, string, string]
    assert.deepStrictEqual(await answers([token, redeem]), [redeemed])
    const [refused = ""] = await answers([token, redeem.replace("till-7", "till-8").replace("1000", "9000")])
    assert.deepInclude(JSON.parse(refused), { status: 422, leftPence: 1_500 })

    await server.stop()
    server = await serving()
    assert.deepStrictEqual(JSON.parse((await answers([token, read]))[0]!).state, { ...card, validUntil })
    await server.stop()
    const nexus = "npx -y deno@2.9.5 task nexus"
    assert.match(ends(await box.sh([`${nexus} verify`], shop)), /^ok: 2 events/m)
    assert.match(ends(await box.sh([`${nexus} schemas check`], shop)), /^ok: 2 schemas/m)
    assert.match(ends(await box.sh([`${nexus} schemas check --data data`], shop)), /^ok: 2 of 2 events decoded/m)
  })

  it("changes it: the compiler says what is missing, then all is well again", { timeout: 240_000 }, async () => {
    const [contract, ...rest] = blocks.filter((block) => marked(block, "edit") !== undefined)
    const edit = (block: Block) => {
      const file = join(shop, marked(block, "edit")!)
      writeFileSync(file, edited(readFileSync(file, "utf8"), block.text))
    }
    edit(contract!)
    const missing = ends(await box.sh(lastTest.slice(0, 1), shop), 1)
    assert.include(missing, only("check says").text)
    rest.forEach(edit)
    assert.match(ends(await box.sh(lastTest, shop)), /Tests +13 passed/)
  })

  it("locks what the change brought, and nothing else is left to do", { timeout: 240_000 }, async () => {
    const nexus = "npx -y deno@2.9.5 task nexus schemas"
    const stale = ends(await box.sh([`${nexus} check`], shop), 1)
    assert.match(stale, /^stale /m)
    assert.notMatch(stale, /^broken /m)
    assert.match(ends(await box.sh([govern[0]!, `${nexus} check`], shop)), /^ok: \d schemas/m)
  })

  it("is stopped at a commit by what breaks a policy, until that is repaired", { timeout: 240_000 }, async () => {
    const nexus = (words: string) => `npx -y deno@2.9.5 task nexus ${words}`
    const identity = "git -c user.name=a -c user.email=a@example.org"
    const commit = ["git add -A", `${identity} commit -q -m "top up"`]
    ends(await box.sh(["git init -q", nexus("policies hook")], shop))
    // The event that the quickstart has just added is locked, and in no registry yet.
    assert.match(ends(await box.sh(commit, shop), 1), /^GiftCard\.contract\.ts:\d+ registration\/not-registered$/m)
    assert.match(ends(await box.sh(govern.slice(1), shop)), /^ok: shop keeps the policies/m)
    ends(await box.sh(commit, shop))

    const bad = join(shop, "clean.ts")
    writeFileSync(bad, 'export const sql = "DELETE FROM events"\n')
    assert.match(ends(await box.sh(commit, shop), 1), /^clean\.ts:1 immutability\/no-change-by-sql$/m)
  })
})
