/**
 * A bundle of policies compiled to Wasm, evaluated in this process: on Deno and Node from bytes, in Workers from an
 * imported module, for they compile nothing at run time.
 * @module
 */
import * as sdk from "@open-policy-agent/opa-wasm"
import { Schema } from "effect"

/** The bundle cannot be used; `rule` says what it should be. A mistake in the program, found at start. */
export class BundleInvalid extends Schema.TaggedError<BundleInvalid>()("BundleInvalid", { rule: Schema.String }) {
  override get message(): string {
    return `a bundle of policies cannot be used. ${this.rule}`
  }
}

export interface Source {
  readonly wasm: Uint8Array<ArrayBuffer> | WebAssembly.Module
  /** Of the bytes, in lower-case hexadecimal. */
  readonly sha256: string
}

export interface WasmBundle {
  readonly sha256: string
  /** Entrypoints that decide at run time, sorted: those called `decision`. */
  readonly decisions: ReadonlyArray<string>
  /** Entrypoints that judge facts: those called `violations`. */
  readonly violations: ReadonlyArray<string>
  /** The value of an entrypoint; `undefined` where the policy has none. Throws whatever the evaluation throws. */
  readonly evaluate: (entrypoint: string, input: object) => unknown
}

/** In pages of 64 KiB. Facts of a large application need more than a question does; an evaluation that wants more fails. */
const pages = { initial: 5, maximum: 4_096 }

/** What the evaluator brings beside Wasm's own; all of them answer the same for ever. */
const builtinsBeside = new Set([
  "sprintf",
  "regex.split",
  "json.is_valid",
  "yaml.is_valid",
  "yaml.marshal",
  "yaml.unmarshal",
])

/** Its types say otherwise, yet what is synchronous stands in the default export alone. */
const { loadPolicySync } = (sdk as unknown as { readonly default: typeof sdk }).default

const loaded = ({ wasm }: Source) => loadPolicySync(wasm, { ...pages })
type Loaded = ReturnType<typeof loaded>

interface Exports {
  readonly builtins: () => number
  readonly opa_json_dump: (address: number) => number
}

/** Names of the built-in functions that the bundle wants from outside of Wasm. */
const builtinsOf = ({ mem, wasmInstance }: Loaded): ReadonlyArray<string> => {
  const { builtins, opa_json_dump } = (wasmInstance as WebAssembly.Instance).exports as unknown as Exports
  const start = opa_json_dump(builtins())
  const bytes = new Uint8Array(mem.buffer)
  return Object.keys(JSON.parse(new TextDecoder().decode(bytes.subarray(start, bytes.indexOf(0, start)))))
}

const load = (source: Source): Loaded => {
  try {
    return loaded(source)
  } catch {
    throw new BundleInvalid({ rule: "Expected Wasm as `opa build -t wasm` writes it" })
  }
}

/** Loads a bundle; throws `BundleInvalid`. */
export const make = (source: Source): WasmBundle => {
  let policy: Loaded | undefined = load(source)
  const missing = builtinsOf(policy).filter((name) => !builtinsBeside.has(name))
  if (missing.length > 0) {
    throw new BundleInvalid({ rule: `Expected no use of ${missing.join(", ")}: a policy sees its input alone` })
  }
  const entrypoints = Object.keys(policy.entrypoints as object).toSorted()
  const called = (name: string) => entrypoints.filter((one) => one.endsWith(`/${name}`))
  return {
    sha256: source.sha256,
    decisions: called("decision"),
    violations: called("violations"),
    evaluate: (entrypoint, input) => {
      policy ??= load(source)
      try {
        const set: unknown = policy.evaluate(input, entrypoint)
        return Array.isArray(set) && set.length === 1 ? (set[0] as { readonly result?: unknown }).result : undefined
      } catch (error) {
        // Nobody knows what it left in its memory.
        policy = undefined
        throw error
      }
    },
  }
}
