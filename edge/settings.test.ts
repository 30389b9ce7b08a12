/**
 * A process starts with a whole configuration or not at all, and says everything that is missing.
 * @module
 */
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import { type Environment, fromEnvironment } from "./settings.ts"

const issuer = { NEXUS_ISSUER: "i", NEXUS_AUDIENCE: "a", NEXUS_JWKS_URL: "https://keys.test/jwks" }
const faults = (env: Environment) => {
  const read = fromEnvironment(env)
  return Result.isFailure(read) ? read.failure.join("\n") : ""
}

describe("fromEnvironment()", () => {
  it("serves on loopback from ./data with a key of its own where nothing is said", () => {
    assert.deepStrictEqual(Result.getOrThrow(fromEnvironment({ NEXUS_ENV: "" })), {
      ...{
        production: false,
        ci: false,
        data: "./data",
        hostname: "127.0.0.1",
        port: 8787,
        issuer: undefined,
        tenantClaim: "tenant",
        origins: [],
        opaUrl: undefined,
        telemetry: undefined,
        registry: { kind: "embedded" },
        store: { kind: "sqlite" },
        roles: ["api", "router", "consumers"],
      },
    })
  })

  it("takes origins as browsers write them, and nothing else", () => {
    const two = "https://shop.example, http://localhost:5173"
    assert.deepStrictEqual(Result.getOrThrow(fromEnvironment({ NEXUS_ORIGINS: two })).origins, [
      ...["https://shop.example", "http://localhost:5173"],
    ])
    for (const wrong of ["*", "null", "https://shop.example/", "shop.example", "https://Shop.example", "file://"]) {
      assert.match(faults({ NEXUS_ORIGINS: wrong }), /^NEXUS_ORIGINS holds/, wrong)
    }
  })

  it("refuses production without issuer, audience and keys, and names each", () => {
    const said = faults({ NEXUS_ENV: "production" })
    for (const name of Object.keys(issuer)) assert.match(said, new RegExp(`${name} is missing`))
    for (const name of Object.keys(issuer)) {
      const without = { ...issuer, NEXUS_ENV: "production", [name]: "" }
      assert.strictEqual(faults(without), `${name} is missing: production has no default key`)
    }
    assert.strictEqual(faults({ ...issuer, NEXUS_ENV: "production" }), "")
  })

  it("refuses half an issuer anywhere", () => {
    assert.match(faults({ NEXUS_ISSUER: "i", NEXUS_AUDIENCE: "a" }), /^NEXUS_JWKS_URL is missing/)
  })

  it("takes keys over https, and over http from loopback alone", () => {
    for (const url of ["http://127.0.0.1:1/k", "http://localhost/k", "http://[::1]/k", "https://keys.test"]) {
      assert.strictEqual(faults({ ...issuer, NEXUS_JWKS_URL: url }), "")
    }
    const bad = [
      "http://keys.test/k",
      "http://127.0.0.1.evil.test/k",
      "http://localhost.evil.test/k",
      "file:///k",
      "keys",
    ]
    for (const url of [...bad, "data:application/json,{}", "http://10.0.0.1/k"]) {
      assert.match(faults({ ...issuer, NEXUS_JWKS_URL: url }), /must be an https URL/, url)
    }
  })

  it("refuses a mode and a port that do not exist", () => {
    assert.match(faults({ NEXUS_ENV: "prod" }), /NEXUS_ENV is "prod"/)
    for (const PORT of ["http", "-1", "65536", "8787x", "1.5"]) assert.match(faults({ PORT }), /PORT is/)
  })
})
