/**
 * `nexus` as a process: results on standard output, everything else on standard error, exit codes 0, 1 and 2.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"

const folder = mkdtempSync(join(tmpdir(), "nexus-cli-"))
const nexus = async (words: string, env: Record<string, string> = {}) => {
  const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "cli/main.ts", ...words.split(" ").filter((word) => word !== "")],
    env: { NEXUS_DATA: folder, NO_COLOR: "1", ...env },
    stdin: "null",
  }).output()
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) }
}
const who = "--tenant t --subject s --scope read"

describe("nexus", () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it("tells what it can do", async () => {
    const [all, one] = await Promise.all([nexus("--help"), nexus("token --help")])
    assert.deepStrictEqual([all.code, one.code], [0, 0])
    for (const verb of ["token", "verify", "backup", "restore", "export", "import", "inspect", "close", "stats"]) {
      assert.match(all.out, new RegExp(`^  ${verb} .*[A-Z]`, "m"))
    }
    assert.include(one.out, "--tenant TENANT")
  })

  it("ends with 2, a sentence and an empty output where it is asked wrongly", async () => {
    const wrong = ["nope", "token", `token ${who} --nope`, `token ${who} --ttl 25h`, `token ${who} --ttl 0s`, "--json"]
    const ids = ["token --tenant a/b --subject s --scope read"]
    for (const { code, err, out } of await Promise.all([...wrong, ...ids].map((words) => nexus(words)))) {
      assert.deepStrictEqual([code, out], [2, ""])
      assert.match(err, /^nexus: .+$/m)
      assert.notMatch(err, /\bat .*\.ts/)
    }
  })

  it("says which option names what it cannot find, and whose help tells more", async () => {
    const [lost, wrong] = await Promise.all([nexus(`verify --data ${folder}`), nexus("stats --dta x")])
    assert.match(lost.err, /^nexus: there is no \.\/app\.ts: name .* with --app FILE$/m)
    assert.match(wrong.err, /`nexus stats --help`/)
    assert.deepStrictEqual([lost.code, wrong.code], [1, 2])
  })

  it("says what to name instead of a file that serves", async () => {
    const { code, err } = await nexus(`verify --app examples/orders/main.ts --data ${folder}`)
    assert.match(err, /^nexus: --app examples\/orders\/main\.ts serves.*name the file that exports App\.make/m)
    assert.notInclude(err, "flags:")
    assert.strictEqual(code, 2)
  })

  it("says which verbs know no other store than a file, what to use instead, and reads none instead of tables", async () => {
    const tables = { NEXUS_STORE: "dynamodb", NEXUS_AWS_ENDPOINT: "http://127.0.0.1:9" }
    const all: ReadonlyArray<readonly [said: ReturnType<typeof nexus>, says: RegExp]> = [
      [nexus("verify", tables), /file.*--data.* DynamoDB.*nexus inspect/],
      [nexus("stats --store dynamodb"), /file.*--data.* DynamoDB.*CloudWatch/],
      [nexus("backup x.db --store=dynamodb"), /file.* DynamoDB.*point-in-time recovery/],
      [nexus("restore x.db --aws-endpoint http://127.0.0.1:9"), /file.* DynamoDB.*point-in-time recovery/],
      [nexus("export x.jsonl --table-prefix t-"), /file.* DynamoDB.*S3/],
      [nexus("import x.jsonl", tables), /file.* DynamoDB.*point-in-time recovery/],
      [nexus("dead-letters list --tenant t --store dynamodb --data x", tables), /file/],
    ]
    for (const [said, says] of all) {
      const { code, err, out } = await said
      assert.deepStrictEqual([code, out], [2, ""])
      assert.match(err, says)
    }
    // Who names the file means the file, whatever the environment says.
    assert.match((await nexus(`stats --data=${folder}`, tables)).err, /^nexus: cannot open .*nexus-cli-/)
  })

  it("dead letters, streams and schemas are looked for where a server's flags say", async () => {
    const at = "--store dynamodb --table-prefix t- --aws-endpoint http://127.0.0.1:9"
    const app = "--app examples/orders/app.ts"
    const all = [
      `dead-letters list --tenant t ${at}`,
      `inspect t/Order/1 ${app} ${at}`,
      `close t/Order/1 --seen any ${at}`,
      `schemas register --dry-run ${app} ${at}`,
    ]
    const unnamed = await nexus(`dead-letters list --tenant t --store dynamodb --aws-endpoint http://127.0.0.1:9`)
    assert.match(unnamed.err, /--app FILE, or its tables with --table-prefix/)
    for (const { code, err, out } of await Promise.all(all.map((words) => nexus(words)))) {
      assert.deepStrictEqual([code, out], [1, ""])
      assert.match(err, /^nexus: cannot open the table t-\w+: refused\. Check .*--aws-endpoint-dynamodb/)
    }
  })

  it("token signs for who is named, for as long as is named", async () => {
    const { code, out } = await nexus(`token ${who} --ttl 15m --json`)
    assert.strictEqual(code, 0)
    const said = JSON.parse(out)
    const claims = JSON.parse(atob(said.token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")))
    assert.deepInclude(claims, { tenant: "t", sub: "s", scope: "read", exp: claims.iat + 900 })
    assert.strictEqual(said.expiresAt, claims.exp)
  })

  it("token refuses in production, and where an issuer is set", async () => {
    const issuer = { NEXUS_ISSUER: "i", NEXUS_AUDIENCE: "a", NEXUS_JWKS_URL: "https://keys.test" }
    for (const env of [{ NEXUS_ENV: "production" }, { ...issuer, NEXUS_ENV: "production" }, issuer]) {
      const { code, err, out } = await nexus(`token ${who}`, env)
      assert.deepStrictEqual([code, out], [1, ""])
      assert.match(err, /issuer/)
    }
  })
})
