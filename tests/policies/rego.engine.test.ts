/**
 * The policies by their own tools: checked, formatted, tested and compiled by the real program, to the committed bytes.
 * @module
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import * as opa from "../../cli/opa.ts"
import { cases, policy } from "../../core/laws/decisions.ts"
import { PolicyUnavailable } from "../../core/PolicyEnforcer.ts"
import * as ViolationsMemory from "../../core/ViolationsMemory.ts"
import { folderOf } from "../../infra/engines/engines.ts"
import { sha256 as committed } from "../../policies/bundle.ts"
import * as Enforcer from "../../policies/Enforcer.ts"
import * as WasmBundle from "../../policies/WasmBundle.ts"
import * as WasmEngine from "../../policies/WasmEngine.ts"
import { folder, moduleOf, root, sha256 } from "./bundle.ts"

const program = opa.find({}, root)!
const bytes = new Uint8Array(readFileSync(join(folder, "bundle.wasm")))

/** A folder with these Rego files, gone after `use`. */
const withFiles = <A>(files: Readonly<Record<string, string>>, use: (folder: string) => A): A => {
  const made = mkdtempSync(join(tmpdir(), "nexus-rego-"))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(made, name), text)
    return use(made)
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}
const entry = "# METADATA\n# entrypoint: true\n"
const own = (text: string) => `package shop.authorization\n\n${entry}${text}\n`
const engineOf = (text: string) => {
  const { text: said, wasm } = withFiles({ "own.rego": text }, (made) => opa.build(program, made))
  assert.isDefined(wasm, said)
  return WasmEngine.make(WasmBundle.make({ wasm: wasm!, sha256: sha256(wasm!) }))
}

describe("the policies", () => {
  it("are the program's that `deno task engines` fetched, in the version that compiles them", () => {
    assert.strictEqual(program, join(folderOf("opa"), "opa"))
    assert.include(program, opa.version)
  })
  it("are checked in strict mode", () => {
    const { ok, text } = opa.check(program, folder)
    assert.isTrue(ok, text)
  })
  it("are formatted", () => {
    const { ok, text } = opa.format(program, folder)
    assert.isTrue(ok, text)
  })
  it("pass their own tests, at least 60 of them", () => {
    const { failed, ok, passed, text } = opa.test(program, folder)
    assert.isTrue(ok, text)
    assert.strictEqual(failed, 0)
    assert.isAtLeast(passed, 60)
  })
  it("are what the committed bundle was compiled from, byte for byte", () => {
    const { text, wasm } = opa.build(program, folder)
    assert.isDefined(wasm, text)
    assert.strictEqual(sha256(wasm!), committed, "run `deno task policies`")
    assert.deepEqual(wasm, bytes)
    assert.strictEqual(readFileSync(join(folder, "bundle.ts"), "utf8"), moduleOf(bytes))
  })
  it("compile to the same bytes in another folder, at another time", () => {
    const made = mkdtempSync(join(tmpdir(), "nexus-rego-"))
    const deep = join(made, "a/b c")
    try {
      mkdirSync(deep, { recursive: true })
      for (const name of opa.filesOf(folder, false)) cpSync(join(folder, name), join(deep, name))
      for (let i = 0; i < 3; i++) assert.deepEqual(opa.build(program, deep).wasm, bytes)
    } finally {
      rmSync(made, { recursive: true, force: true })
    }
  })
})

describe("the program's functions", () => {
  it("say what is wrong", () => {
    const saying = <A>(text: string, use: (folder: string) => A) => withFiles({ "a.rego": text }, use)
    saying("package a\n\nx = ", (made) => {
      assert.include(opa.check(program, made).text, "a.rego:3")
      assert.isFalse(opa.check(program, made).ok)
      assert.isUndefined(opa.build(program, made).wasm)
      assert.isFalse(opa.test(program, made).ok)
    })
    saying("package a\nx  :=  1\n", (made) => assert.isFalse(opa.format(program, made).ok))
    saying("package a\n\ntest_x if false\n\ntest_y if true\n", (made) => {
      const { failed, ok, passed, text } = opa.test(program, made)
      assert.deepEqual([ok, passed, failed, text], [false, 1, 1, "data.a.test_x failed"])
    })
    saying("package a\n\nx := 1\n", (made) => {
      assert.isFalse(opa.test(program, made).ok)
      assert.include(opa.build(program, made).text, "entrypoint")
    })
  })
})

describe("rules of an application's own", () => {
  const ours = WasmEngine.make(WasmBundle.make({ wasm: bytes, sha256: committed }))
  const enforcing = <A, E>(
    text: string,
    body: (enforcer: Effect.Success<ReturnType<typeof Enforcer.make>>) => Effect.Effect<A, E>,
    limitMs = 60_000,
  ) =>
    Effect.scoped(Effect.flatMap(Enforcer.make([ours, engineOf(text)], limitMs), body)).pipe(
      Effect.provide([ViolationsMemory.layer, Logger.layer([])]),
    )
  const { input } = cases[0]!

  it.live("forbid what Nexus allows, and never allow what it forbids", () =>
    enforcing(
      own(`default decision := {"allow": true, "rule": "anybody"}

decision := {"allow": false, "rule": "no-mallory"} if input.subject == "mallory"`),
      Effect.fnUntraced(function* (enforcer) {
        for (const { answer, input } of cases) {
          const said = yield* Effect.match(enforcer.enforce(input), {
            onSuccess: () => true,
            onFailure: (denied) => denied._tag === "PolicyDenied" && `${denied.policy} ${denied.rule}`,
          })
          assert.strictEqual(said, answer === true ? true : `${policy} ${answer}`)
        }
        const error = yield* Effect.flip(enforcer.enforce({ ...input, subject: "mallory" }))
        assert.deepInclude(error, { policy: "shop.authorization", rule: "no-mallory" })
      }),
    ))

  it.live("do what the guide says of its example", () => {
    const guide = readFileSync(join(root, "docs/policies.md"), "utf8")
    const [, text] = /<!-- authorization -->\n```rego\n([\s\S]*?)```/.exec(guide)!
    return enforcing(
      text!,
      Effect.fnUntraced(function* (enforcer) {
        const refund = { ...input, aggregate: "Order", type: "RefundPayment" }
        yield* enforcer.enforce({ ...input, subject: "robot-1" })
        yield* enforcer.enforce(refund)
        const error = yield* Effect.flip(enforcer.enforce({ ...refund, subject: "robot-1" }))
        assert.deepInclude(error, { policy: "shop.authorization", rule: "no-refunds-by-robots" })
      }),
    )
  })

  it.live("that say nothing forbid everything", () =>
    enforcing(
      own(`decision := {"allow": true, "rule": "alice"} if input.subject == "nobody"`),
      Effect.fnUntraced(function* (enforcer) {
        assert.deepInclude(yield* Effect.flip(enforcer.enforce(input)), { rule: "undefined" })
      }),
    ))

  it.live("that break, or say what nobody understands, forbid everything", () =>
    Effect.forEach([
      own(`decision := "yes"`),
      own(`decision := {"allow": "yes"} `),
      own(`decision := {"allow": true} if input.subject\n\ndecision := {"allow": false} if input.tenant`),
    ], (text) =>
      enforcing(
        text,
        Effect.fnUntraced(function* (enforcer) {
          assert.deepEqual(yield* Effect.flip(enforcer.enforce(input)), new PolicyUnavailable({ retryAfterSeconds: 1 }))
          assert.isUndefined(enforcer.known(input))
        }),
      )))

  it.live("that take longer than the limit forbid, whatever they say in the end", () =>
    enforcing(
      own(`decision := {"allow": n > 0, "rule": "slow"} if {
	n := count([1 | some a in numbers.range(1, 400); some b in numbers.range(1, 400); a + b > 0])
}`),
      Effect.fnUntraced(function* (enforcer) {
        assert.strictEqual((yield* Effect.flip(enforcer.enforce(input)))._tag, "PolicyUnavailable")
      }),
      5,
    ))

  it("that look at more than their input are refused at start", () => {
    for (const call of ["time.now_ns() > 0", `http.send({"method": "get", "url": "http://x"}).status_code == 200`]) {
      const text = own(`default decision := {"allow": false, "rule": "no"}\n\ndecision := {"allow": true} if ${call}`)
      assert.throws(() => engineOf(text), WasmBundle.BundleInvalid)
    }
  })

  it("that only judge facts decide nothing, and say so", () => {
    const text = `package shop.architecture\n\n${entry}violations contains "x" if input.app\n`
    assert.throws(() => engineOf(text), WasmBundle.BundleInvalid)
  })
})
