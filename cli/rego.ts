/**
 * `nexus policies build` and `nexus policies test`: an application's own policies, in Rego beside it.
 * @module
 */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { existsSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { BundleInvalid, make } from "../policies/WasmBundle.ts"
import { bundleOf, type Note, noteOf } from "./judge.ts"
import * as opa from "./opa.ts"
import { application, failed, type Input, type Verb } from "./Verb.ts"

const missing =
  `this needs the program opa, which is a single file: take ${opa.version} from openpolicyagent.org, then put it ` +
  "on the path or name it in NEXUS_OPA. `nexus policies check` does without"

/** The folder of the application's policies and the program that reads them. */
const toolsOf = Effect.fnUntraced(function* (input: Input) {
  const app = input.option("app")!
  const folder = dirname(bundleOf(app))
  if (!existsSync(folder) || opa.filesOf(folder, false).length === 0) {
    return yield* failed(`there is no policy in ${folder}: write one in Rego, such as ${folder}/naming.rego`)
  }
  const program = opa.find(input.env, ".")
  if (program === undefined) return yield* failed(missing)
  if (!existsSync(program)) return yield* failed(`NEXUS_OPA names ${program}, which is not there; ${missing}`)
  const checked = opa.check(program, folder)
  if (!checked.ok) return yield* failed(`the policies in ${folder} are wrong:\n${checked.text.trimEnd()}`)
  return { file: bundleOf(app), folder, program }
})

const entrypoints =
  "mark a rule called violations (of facts) or decision (of a request) with `# METADATA`, `# entrypoint: true`"

export const policiesBuild: Verb = {
  name: "policies build",
  help: "Compile your own policies, policies/*.rego beside the application, for `policies check` and the server",
  options: application,
  run: Effect.fnUntraced(function* (input) {
    const { file, folder, program } = yield* toolsOf(input)
    const { text, wasm } = opa.build(program, folder)
    if (wasm === undefined) return yield* failed(`opa cannot compile ${folder}:\n${text.trimEnd()}`)
    const sha256 = createHash("sha256").update(wasm).digest("hex")
    const bundle = yield* Effect.try({
      try: () => make({ wasm, sha256 }),
      catch: (error) => failed(error instanceof BundleInvalid ? error.rule : (error as Error).message),
    })
    const { decisions, violations } = bundle
    if (decisions.length + violations.length === 0) {
      return yield* failed(`nothing in ${folder} can be asked: ${entrypoints}`)
    }
    yield* Effect.try({
      try: () => {
        const note: Note = { sha256, sources: opa.sourcesOf(folder) }
        writeFileSync(file, wasm)
        writeFileSync(noteOf(file), `${JSON.stringify(note)}\n`)
      },
      catch: (error) => failed(`cannot write ${file}: ${(error as Error).message}`),
    })
    const asked = [...violations, ...decisions].join(", ")
    const served = decisions.length === 0
      ? ""
      : `\nservers ask it where serve(app, { policies: [bytes of ${file}] }) says so, and do not start beside it without`
    yield* input.print(`wrote ${file} and its note, bundle.json (${asked}): commit both${served}`, {
      file,
      sha256,
      decisions,
      violations,
    })
    return 0
  }),
}

export const policiesTest: Verb = {
  name: "policies test",
  help: "Run the tests of your own policies, policies/*_test.rego",
  options: application,
  run: Effect.fnUntraced(function* (input) {
    const { folder, program } = yield* toolsOf(input)
    const { failed: broken, ok, passed, text } = opa.test(program, folder)
    // An empty list is what opa prints where there is no test.
    const reason = text.trim().replace(/^\[\]$/, "") || `write one in ${folder}/naming_test.rego`
    const said = passed + broken === 0 ? `no test ran: ${reason}` : text
    yield* input.print([said, `${passed} passed, ${broken} failed`].filter((line) => line !== "").join("\n"), {
      ...{ ok, passed, failed: broken, text },
    })
    return ok ? 0 : 1
  }),
}
