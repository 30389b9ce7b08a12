/**
 * The services of an application, by their manifests: a `service.json` in the folder of each.
 * @module
 */
import { Result, Schema } from "effect"
import { posix } from "node:path"
import type { Service } from "../../policies/Facts.ts"
import { namePattern } from "../../schemas/Fields.ts"
import * as Issue from "../../schemas/Issue.ts"

const aggregate = Schema.String.pipe(Schema.check(Schema.isPattern(namePattern)))
/** `Payment.PaymentTaken`. */
const qualified = Schema.String.pipe(Schema.check(Schema.isPattern(/^[A-Z][A-Za-z0-9]{0,63}\.[A-Z][A-Za-z0-9]{0,63}$/)))

const Manifest = Schema.Struct({
  name: Schema.String.pipe(Schema.check(Schema.isPattern(/^[a-z][a-z0-9-]{0,63}$/))),
  owns: Schema.Array(aggregate),
  consumes: Schema.optionalKey(Schema.Array(qualified)),
  sends: Schema.optionalKey(Schema.Array(qualified)),
  /** Hosts under which others reach it. */
  hosts: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Whom it calls outside the application, as its source names them: `api.example.com`, `env.BANK_URL`. */
  outside: Schema.optionalKey(Schema.Array(Schema.String)),
})

export interface Known extends Service {
  readonly hosts: ReadonlyArray<string>
  readonly outside: ReadonlyArray<string>
  /** Of its manifest; empty where it has none. */
  readonly text: string
}

export const manifestName = "service.json"
const decode = Schema.decodeUnknownResult(Manifest, { onExcessProperty: "error", errors: "all" })

/** All services, by name; else one sentence for each manifest that is wrong. */
export const read = (
  files: ReadonlyMap<string, string>,
): Result.Result<ReadonlyArray<Known>, ReadonlyArray<string>> => {
  const faults: Array<string> = []
  const found: Array<Known> = []
  for (const [file, text] of files) {
    if (posix.basename(file) !== manifestName) continue
    const json = Result.try((): unknown => JSON.parse(text))
    if (Result.isFailure(json)) {
      faults.push(`${file} is no JSON`)
      continue
    }
    const manifest = decode(json.success)
    if (Result.isFailure(manifest)) {
      const issues = Issue.fromSchemaError(manifest.failure)
      faults.push(...issues.map(({ pointer, rule }) => `${file} at ${pointer === "" ? "/" : pointer}: ${rule}`))
      continue
    }
    const { consumes = [], hosts = [], name, outside = [], owns, sends = [] } = manifest.success
    const folder = posix.dirname(file)
    const other = found.find((one) => one.name === name)
    if (other !== undefined) faults.push(`${file} names its service "${name}", as ${other.file} does`)
    found.push({
      name,
      folder: folder === "." ? "" : folder,
      owns,
      consumes,
      sends,
      hosts,
      outside,
      text,
      file,
      line: 1,
    })
  }
  return faults.length > 0 ? Result.fail(faults) : Result.succeed(found.toSorted((a, b) => a.name < b.name ? -1 : 1))
}

/** An application without manifests is one service. */
export const whole = (app: string, owns: ReadonlyArray<string>, file: string): Known => ({
  ...{ name: app, folder: "", owns, consumes: [], sends: [], hosts: [], outside: [], text: "", file, line: 1 },
})

/** The service that a file lies in, the innermost; empty where it lies in none. */
export const ofFile = (services: ReadonlyArray<Known>, file: string): string =>
  services.filter(({ folder }) => folder === "" || file.startsWith(`${folder}/`))
    .toSorted((a, b) => b.folder.length - a.folder.length)[0]?.name ?? ""

/** The line of a word in quotes. */
export const lineOf = ({ text }: Known, word: string): number => {
  const at = text.indexOf(`"${word}"`)
  return at < 0 ? 1 : text.slice(0, at).split("\n").length
}
