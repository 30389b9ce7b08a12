import { Result } from "effect"
import { assert, describe, it } from "vitest"
import { type Environment, fromEnvironment } from "./settings.ts"

const faults = (env: Environment) => {
  const read = fromEnvironment(env)
  return Result.isFailure(read) ? read.failure : []
}
const settings = (env: Environment) => Result.getOrThrow(fromEnvironment(env))

const dynamodb = { NEXUS_STORE: "dynamodb", NEXUS_AWS_REGION: "eu-central-1" }

describe("NEXUS_STORE", () => {
  it("is sqlite where nothing is said, and dynamodb with a region, AWS's own addresses and ways to sign", () => {
    assert.deepStrictEqual(settings({}).store, { kind: "sqlite" })
    assert.deepStrictEqual(settings({ NEXUS_STORE: "sqlite" }).store, { kind: "sqlite" })
    assert.deepStrictEqual(settings(dynamodb).store, { kind: "dynamodb", aws: { region: "eu-central-1" } })
    const AWS_REGION = "us-gov-west-1"
    assert.deepStrictEqual(settings({ NEXUS_STORE: "dynamodb", AWS_REGION }).store, {
      ...{ kind: "dynamodb", aws: { region: AWS_REGION } },
    })
    assert.match(faults({ NEXUS_STORE: "dynamo" })[0]!, /^NEXUS_STORE is "dynamo": use "sqlite" or "dynamodb"$/)
  })

  it("takes an address for all services and one for each, keys and a prefix", () => {
    const env = {
      ...dynamodb,
      NEXUS_AWS_ENDPOINT: "https://aws.test/",
      NEXUS_AWS_ENDPOINT_SQS: "http://127.0.0.1:9324",
      NEXUS_TABLE_PREFIX: "shop-test.",
      ...{ AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_SESSION_TOKEN: "c" },
    }
    assert.deepStrictEqual(settings(env).store, {
      kind: "dynamodb",
      prefix: "shop-test.",
      aws: {
        region: "eu-central-1",
        endpoint: "https://aws.test",
        endpoints: { sqs: "http://127.0.0.1:9324" },
        credentials: { accessKeyId: "a", secretAccessKey: "b", sessionToken: "c" },
      },
    })
  })

  it("needs neither region nor keys where all is on loopback", () => {
    const [endpoint, store] = ["http://127.0.0.1:1", "dynamodb"]
    const credentials = { accessKeyId: "local", secretAccessKey: "local" }
    const aws = { region: "us-east-1", endpoint, credentials }
    assert.deepStrictEqual(settings({ NEXUS_STORE: store, NEXUS_AWS_ENDPOINT: endpoint }).store, {
      ...{ kind: "dynamodb", aws },
    })
    // One service is AWS's own.
    const partly = { NEXUS_STORE: store, NEXUS_AWS_ENDPOINT_DYNAMODB: endpoint }
    assert.match(faults(partly)[0]!, /^NEXUS_AWS_REGION is missing/)
  })

  it("refuses half a configuration, and says what to do without a value of a secret", () => {
    const refused: ReadonlyArray<readonly [env: Environment, says: RegExp]> = [
      [{ NEXUS_STORE: "dynamodb" }, /^NEXUS_AWS_REGION is missing: .* set it/],
      [{ ...dynamodb, NEXUS_AWS_REGION: "Frankfurt" }, /is "Frankfurt": use one like eu-central-1/],
      [{ ...dynamodb, NEXUS_AWS_ENDPOINT: "http://aws.test" }, /^NEXUS_AWS_ENDPOINT must be an https URL/],
      [{ ...dynamodb, NEXUS_AWS_ENDPOINT_SNS: "https://a:secret@b.test" }, /^NEXUS_AWS_ENDPOINT_SNS must be/],
      [{ ...dynamodb, NEXUS_TABLE_PREFIX: "a/b" }, /^NEXUS_TABLE_PREFIX may hold/],
      [{ ...dynamodb, AWS_ACCESS_KEY_ID: "secret" }, /^AWS_SECRET_ACCESS_KEY is missing: set both keys, or none/],
      [{ ...dynamodb, AWS_SECRET_ACCESS_KEY: "secret" }, /^AWS_ACCESS_KEY_ID is missing/],
      [{ NEXUS_AWS_ENDPOINT_KINESIS: "https://a.test" }, /is set, but NEXUS_STORE is sqlite: unset it, or set/],
      [{ ...dynamodb, NEXUS_KINESIS_READ: "push" }, /^NEXUS_KINESIS_READ is "push": use "polling" or "fan-out"$/],
      [{ NEXUS_KINESIS_READ: "fan-out" }, /^NEXUS_KINESIS_READ is set, but NEXUS_STORE is sqlite/],
      [{ NEXUS_TABLE_PREFIX: "a" }, /^NEXUS_TABLE_PREFIX is set, but NEXUS_STORE is sqlite/],
    ]
    for (const [env, says] of refused) {
      assert.strictEqual(faults(env).length, 1, `${faults(env)}`)
      assert.match(faults(env)[0]!, says)
      assert.notInclude(faults(env)[0]!, "secret")
    }
  })
})

describe("NEXUS_ROLE", () => {
  it("names a part of the work, where there are processes to share it", () => {
    assert.deepStrictEqual(settings(dynamodb).roles, ["api", "router", "consumers"])
    assert.deepStrictEqual(settings({ ...dynamodb, NEXUS_ROLE: "router" }).roles, ["router"])
    assert.match(faults({ ...dynamodb, NEXUS_ROLE: "worker" })[0]!, /^NEXUS_ROLE is "worker": use "api", "router"/)
    assert.match(faults({ NEXUS_ROLE: "api" })[0]!, /one process does all: unset it, or set NEXUS_STORE to dynamodb$/)
  })
})
