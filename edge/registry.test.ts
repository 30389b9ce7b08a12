/**
 * A process asks the registry that its environment names, or does not start and says why, without a secret.
 * @module
 */
import { assert, describe, it } from "vitest"
import { type Choice, read } from "./registry.ts"
import { fromEnvironment } from "./settings.ts"

type Env = Readonly<Record<string, string>>
const choose = (env: Env): Choice | string => {
  const faults: Array<string> = []
  const choice = read((name) => env[name], faults)
  return faults.length === 0 ? choice : faults.join("\n")
}
const confluent = { NEXUS_REGISTRY: "confluent", NEXUS_REGISTRY_URL: "https://registry.test/apis/ccompat/v7/" }
const glue = { NEXUS_REGISTRY: "glue", NEXUS_GLUE_REGISTRY: "shop", AWS_REGION: "eu-central-1" }
const url = "https://registry.test/apis/ccompat/v7"

describe("read()", () => {
  it("takes each registry, with what it needs", () => {
    assert.deepStrictEqual(choose({}), { kind: "embedded" })
    assert.deepStrictEqual(choose({ AWS_REGION: "eu-central-1" }), { kind: "embedded" })
    assert.deepStrictEqual(choose(confluent), { kind: "confluent", url })
    assert.deepStrictEqual(choose({ ...confluent, NEXUS_REGISTRY_TOKEN: "t" }), {
      ...{ kind: "confluent", url, authorization: "Bearer t" },
    })
    const basic = { ...confluent, NEXUS_REGISTRY_USER: "u", NEXUS_REGISTRY_PASSWORD: "pä:ss" }
    assert.deepStrictEqual(choose(basic), { kind: "confluent", url, authorization: "Basic dTpww6Q6c3M=" })
    assert.deepStrictEqual(choose(glue), { kind: "glue", registry: "shop", region: "eu-central-1" })
    const { AWS_REGION: AWS_DEFAULT_REGION, ...rest } = glue
    assert.deepStrictEqual(choose({ ...rest, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL: "http://127.0.0.1:5000" }), {
      ...{ kind: "glue", registry: "shop", region: "eu-central-1", endpoint: "http://127.0.0.1:5000" },
    })
  })

  const wrong: ReadonlyArray<readonly [says: RegExp, env: Env]> = [
    [/^NEXUS_REGISTRY is "kafka": use "embedded", "glue" or "confluent"$/, { NEXUS_REGISTRY: "kafka" }],
    [/^NEXUS_REGISTRY_URL is missing/, { NEXUS_REGISTRY: "confluent" }],
    [/^NEXUS_REGISTRY_URL is set, but NEXUS_REGISTRY is embedded/, { NEXUS_REGISTRY_URL: url }],
    [/^NEXUS_GLUE_REGISTRY is set, but NEXUS_REGISTRY is confluent/, { ...confluent, NEXUS_GLUE_REGISTRY: "x" }],
    [/^NEXUS_GLUE_REGISTRY is missing.*\nAWS_REGION is missing/, { NEXUS_REGISTRY: "glue" }],
    [/^NEXUS_GLUE_REGISTRY may hold/, { ...glue, NEXUS_GLUE_REGISTRY: "a/b" }],
    [/^AWS_REGION is "evil.test\/"/, { ...glue, AWS_REGION: "evil.test/" }],
    [/^AWS_ENDPOINT_URL must be/, { ...glue, AWS_ENDPOINT_URL: "http://glue.test" }],
    [/^AWS_ENDPOINT_URL_GLUE must be/, { ...glue, AWS_ENDPOINT_URL_GLUE: "ftp://glue.test" }],
    [/need each other/, { ...confluent, NEXUS_REGISTRY_USER: "u" }],
    [/need each other/, { ...confluent, NEXUS_REGISTRY_PASSWORD: "secret" }],
    [/use one of them/, {
      ...confluent,
      ...{ NEXUS_REGISTRY_USER: "u", NEXUS_REGISTRY_PASSWORD: "secret", NEXUS_REGISTRY_TOKEN: "secret" },
    }],
    [/no header may hold/, { ...confluent, NEXUS_REGISTRY_TOKEN: "secret\r\nx: y" }],
    [/a colon/, { ...confluent, NEXUS_REGISTRY_USER: "u:v", NEXUS_REGISTRY_PASSWORD: "secret" }],
  ]
  for (const [says, env] of wrong) {
    it(`refuses ${JSON.stringify(env)}`, () => {
      const said = choose(env)
      assert.match(String(said), says)
      assert.notInclude(String(said), "secret")
    })
  }

  it("takes an address over https, over http from loopback alone, and never with a password in it", () => {
    for (const good of ["http://127.0.0.1:8081", "http://localhost/x", "http://[::1]:1", "https://registry.test"]) {
      assert.deepInclude(choose({ ...confluent, NEXUS_REGISTRY_URL: good }), { kind: "confluent" }, good)
    }
    const bad = [
      "http://registry.test",
      "http://127.0.0.1.evil.test",
      "file:///x",
      "registry",
      "https://registry.test?a",
    ]
    for (const text of [...bad, "https://u:secret@registry.test", "https://registry.test/#a"]) {
      const said = choose({ ...confluent, NEXUS_REGISTRY_URL: text })
      assert.match(String(said), /^NEXUS_REGISTRY_URL must be an https URL/, text)
      assert.notInclude(String(said), "secret")
    }
  })

  it("is part of the settings, and stops a process with them", () => {
    assert.match(JSON.stringify(fromEnvironment(confluent)), /"kind":"confluent"/)
    assert.match(JSON.stringify(fromEnvironment({ NEXUS_REGISTRY: "kafka" })), /NEXUS_REGISTRY is/)
  })
})
