import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "vitest"
import { engines } from "./engines.ts"

const read = (path: string) => readFileSync(join(import.meta.dirname!, path), "utf8")

it("engines from npm are pinned with all that they need, by version and by bytes", () => {
  for (const [name, packaged] of [["kinesis", "kinesis-local"], ["fauxqs", "fauxqs"]] as const) {
    assert.deepStrictEqual(JSON.parse(read(`${name}/package.json`)).dependencies, { [packaged]: engines[name].version })
    const { "": _, ...packages } = JSON.parse(read(`${name}/package-lock.json`)).packages
    assert.strictEqual(packages[`node_modules/${packaged}`].version, engines[name].version)
    for (const [path, one] of Object.entries<{ integrity?: string }>(packages)) assert.isString(one.integrity, path)
  }
})

it("DynamoDB Local is pinned with all that it needs, and nothing else is put on its class path", () => {
  const { fetch, start, version } = engines.dynamodb
  assert.include(read("dynamodb/pom.xml"), `<version>${version}</version>`)
  const files = fetch("/x").flatMap((step) => "sha256" in step ? [step] : [])
  for (const { file, sha256 } of files) assert.match(`${file} ${sha256}`, /^\/x\/[\w.-]+ [0-9a-f]{64}$/)
  assert.include(files.map(({ file }) => file), `/x/DynamoDBLocal-${version}.jar`)
  const { args } = start({ folder: "/x", port: 1, data: "/y" })
  const parts = args[args.indexOf("-cp") + 1]!.split(":")
  assert.deepStrictEqual(parts.filter((part) => !files.some(({ file }) => file === part)), ["/x"])
})
