/**
 * Facts before the policies: Nexus's own bundle and, where there is one, the application's.
 * @module
 */
import { Effect, Result, Schema } from "effect"
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as shipped from "../policies/bundle.ts"
import { Facts, Finding } from "../policies/Facts.ts"
import * as WasmBundle from "../policies/WasmBundle.ts"
import * as Issue from "../schemas/Issue.ts"
import * as opa from "./opa.ts"
import { failed, type Failure } from "./Verb.ts"

const own = fileURLToPath(new URL("../policies/bundle.wasm", import.meta.url).href)
const shippedEntrypoint = "nexus/architecture/violations"

/** Where an application keeps its own policies, compiled. */
export const bundleOf = (app: string): string => join(dirname(app), "policies", "bundle.wasm")

/** What `nexus policies build` says beside it of what it compiled. */
export const noteOf = (bundle: string): string => bundle.replace(/wasm$/, "json")
export interface Note {
  /** Of the bundle. */
  readonly sha256: string
  /** Of the policies that it was compiled from. */
  readonly sources: string
}
const Note = Schema.fromJsonString(Schema.Struct({ sha256: Schema.String, sources: Schema.String }))

/** Policies that were written and not compiled, or changed since, would be asked by nobody. */
const isStale = (bundle: string, sha256: string | undefined): boolean => {
  const folder = dirname(bundle)
  if (!existsSync(folder) || opa.filesOf(folder, false).length === 0) return false
  const note = Result.try(() => Schema.decodeUnknownSync(Note)(readFileSync(noteOf(bundle), "utf8")))
  return sha256 === undefined || Result.isFailure(note) || note.success.sha256 !== sha256 ||
    note.success.sources !== opa.sourcesOf(folder)
}

const read = Schema.decodeUnknownResult(Schema.Array(Finding))
const fits = Schema.decodeUnknownResult(Facts, { onExcessProperty: "error" })

const open = (file: string): Effect.Effect<WasmBundle.WasmBundle, Failure> =>
  Effect.try({
    try: () => {
      const wasm = Uint8Array.from(readFileSync(file))
      return WasmBundle.make({ wasm, sha256: createHash("sha256").update(wasm).digest("hex") })
    },
    catch: (error) =>
      failed(
        `cannot load the policies in ${file}: ${
          error instanceof WasmBundle.BundleInvalid ? error.rule : (error as Error).message
        }`,
      ),
  })

/** No answer is no clean answer: what cannot be judged fails, as what breaks a rule does. */
const judged = (
  bundle: WasmBundle.WasmBundle,
  entrypoint: string,
  facts: Facts,
): Effect.Effect<ReadonlyArray<Finding>, Failure> =>
  Effect.suspend(() => {
    const value = Result.try(() => bundle.evaluate(entrypoint, facts))
    if (Result.isFailure(value)) return failed(`the policy ${entrypoint} failed: ${String(value.failure)}`)
    const findings = read(value.success)
    return Result.isFailure(findings)
      ? failed(`the policy ${entrypoint} gave no list of { policy, rule, why, repair, file, line }`)
      : Effect.succeed(findings.success)
  })

export interface Judgement {
  /** SHA-256 of the bundles that were asked. */
  readonly bundles: ReadonlyArray<string>
  /** By file, line, policy and rule; each once. */
  readonly findings: ReadonlyArray<Finding>
}

const keyOf = ({ file, line, policy, rule, why }: Finding): string =>
  [file, String(line).padStart(8, "0"), policy, rule, why].join("\n")

export const judge = Effect.fnUntraced(function* (facts: Facts, app: string): Effect.fn.Return<Judgement, Failure> {
  // Of a kind that the schema does not name, policies would find nothing.
  const fit = fits(facts)
  if (Result.isFailure(fit)) {
    const issues = Issue.textOf(Issue.fromSchemaError(fit.failure))
    return yield* failed(`the facts are none that policies can judge: ${issues}`)
  }
  const nexus = yield* open(own)
  if (nexus.sha256 !== shipped.sha256) return yield* failed(`${own} is not the bundle that this version of Nexus has`)
  const found = [...yield* judged(nexus, shippedEntrypoint, facts)]
  const bundles = [nexus.sha256]
  const file = bundleOf(app)
  const theirs = existsSync(file) ? yield* open(file) : undefined
  if (isStale(file, theirs?.sha256)) {
    return yield* failed(
      `${file} is not made from the policies beside it: run \`nexus policies build\` and commit what it writes`,
    )
  }
  if (theirs !== undefined) {
    bundles.push(theirs.sha256)
    for (const entrypoint of theirs.violations) found.push(...yield* judged(theirs, entrypoint, facts))
  }
  const unique = new Map(found.map((one) => [keyOf(one), one]))
  return { bundles, findings: [...unique].toSorted(([a], [b]) => a < b ? -1 : 1).map(([, one]) => one) }
})
