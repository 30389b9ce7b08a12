/**
 * `nexus policies` as a process: what is printed where, and with which exit code.
 * @module
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Result, Schema } from "effect"
import { afterAll, assert, describe, it } from "vitest"
import { Facts } from "../policies/Facts.ts"
import { deno, root } from "../tests/built.ts"

mkdirSync(".nexus", { recursive: true })
const folder = mkdtempSync(resolve(".nexus/policies-"))
afterAll(() => rmSync(folder, { recursive: true }))
const shop = join(root, "examples/orders/app.ts")
const nexus = (words: string, cwd = root) =>
  deno(["run", "-q", "-A", join(root, "cli/main.ts"), "policies", ...words.split(" ")], cwd)

describe("nexus policies", { timeout: 120_000 }, () => {
  it("facts fit their schema, on one line or many", async () => {
    const [many, one] = await Promise.all([nexus(`facts --app ${shop}`), nexus(`facts --json --app ${shop}`)])
    assert.deepStrictEqual([many.code, many.err, one.code, one.out.trimEnd().split("\n").length], [0, "", 0, 1])
    const facts = Schema.decodeUnknownResult(Facts, { onExcessProperty: "error" })(JSON.parse(many.out))
    assert.deepStrictEqual(Result.getOrThrow(facts), JSON.parse(one.out))
    assert.deepStrictEqual(JSON.parse(one.out).services.map(({ name }: { name: string }) => name), [
      ...["notifications", "orders", "payments", "stock"],
    ])
  })

  it("check says which bundles were asked, and finds nothing in the shop", async () => {
    const { code, out } = await nexus(`check --json --app ${shop}`)
    const { bundles, findings, ok } = JSON.parse(out)
    assert.deepStrictEqual([code, ok, findings, bundles.length], [0, true, [], 1])
    assert.match(bundles[0], /^[0-9a-f]{64}$/)
  })

  it("check says a place once, with all that is wrong there; a template is named from here", async () => {
    const app = join(folder, "loose")
    cpSync(join(root, "cli/template"), app, { recursive: true })
    const main = join(app, "main.ts")
    writeFileSync(
      main,
      readFileSync(main, "utf8").replace("(app, { lock", "(app, { lock, limits: { queryWindowMs: 1_000 }"),
    )
    const grant = { Effect: "Allow", Action: "dynamodb:DeleteItem", Resource: "*" }
    const document = { PolicyDocument: { Statement: [grant] } }
    const template = { Resources: { Grant: { Type: "AWS::IAM::Policy", Properties: document } } }
    writeFileSync(join(folder, "stack.json"), JSON.stringify(template))
    const { code, out } = await nexus(`check --app loose/app.ts --template stack.json`, folder)
    assert.strictEqual(code, 1)
    assert.match(out, /^loose\/main\.ts:\d+ limits\/limit-too-high\n(?: {2}GET \S+ lets .*\n){2,} {2}repair: .*$/m)
    assert.match(out, /^stack\.json:\d+ immutability\/no-grant-to-change$/m)
    assert.strictEqual(out.match(/limit-too-high/g)!.length, 1)
    writeFileSync(join(app, "broken.ts"), "const = 2\n")
    assert.match((await nexus("check --app loose/app.ts", folder)).err, /^nexus: loose\/broken\.ts: line 1: /)
    rmSync(app, { recursive: true })
  })

  it("graph prints, or writes and says so; a format that is none is wrong", async () => {
    const file = join(folder, "pictures/services.html")
    const [printed, written, none] = await Promise.all([
      nexus(`graph --app ${shop} --format dot`),
      nexus(`graph --app ${shop} --format html --out ${file}`),
      nexus(`graph --app ${shop} --format png`),
    ])
    assert.match(printed.out, /^digraph "shop" \{\n/)
    assert.deepStrictEqual([written.code, written.out], [0, `wrote ${file}: 4 services, 10 edges, 0 in red\n`])
    assert.match(readFileSync(file, "utf8"), /^<!doctype html>/)
    assert.deepStrictEqual([none.code, none.out], [2, ""])
  })

  it("end with 2 and the place where the application cannot be read, and with 1 where no policy can be asked", async () => {
    cpSync(join(root, "cli/template"), folder, { recursive: true })
    const check = () => nexus("check", folder)
    writeFileSync(join(folder, "broken.ts"), "const a = 1\nconst = 2\n")
    const broken = await check()
    assert.deepStrictEqual([broken.code, broken.out], [2, ""])
    assert.match(broken.err, /^nexus: broken\.ts: line 2: /)
    writeFileSync(join(folder, "broken.ts"), "")
    writeFileSync(join(folder, "service.json"), `{ "name": "shop" }`)
    assert.match((await check()).err, /service\.json at \/owns/)
    rmSync(join(folder, "service.json"))
    const none = await nexus("check --template none.json", folder)
    assert.deepStrictEqual([none.code, none.err], [2, "nexus: there is no template none.json\n"])
    assert.strictEqual((await check()).code, 0)
    mkdirSync(join(folder, "policies"))
    writeFileSync(join(folder, "policies/bundle.wasm"), "no wasm")
    const blind = await check()
    assert.deepStrictEqual([blind.code, blind.out], [1, ""])
    assert.match(blind.err, /cannot load the policies in policies\/bundle\.wasm/)
  })

  it("list themselves", async () => {
    const { code, out } = await deno(["run", "-q", "-A", "cli/main.ts", "policies", "--help"], root)
    assert.strictEqual(code, 0)
    for (const verb of ["check", "facts", "graph", "hook", "build", "test"]) assert.include(out, `policies ${verb}`)
  })
})
