/**
 * Rules for requests that lie compiled beside a server which was not given them.
 * @module
 */
import { BundleInvalid, make, type WasmBundle } from "./WasmBundle.ts"

const how = 'serve(app, { policies: [readFileSync("policies/bundle.wasm")] }), or with policies: [] to do without'

/** Why a server must not start without the bundle in `file`; nothing where it judges the application's code alone. */
export const reason = (file: string, wasm: Uint8Array<ArrayBuffer>): string | undefined => {
  let bundle: WasmBundle
  try {
    bundle = make({ wasm, sha256: "" })
  } catch (error) {
    // Nobody can tell what it would have decided.
    if (error instanceof BundleInvalid) return `${file}: ${error.message}; build it again, or ${how}`
    throw error
  }
  const { decisions } = bundle
  if (decisions.length === 0) return undefined
  return `${file} decides about requests (${decisions.join(", ")}) and is not given to serve: ${how}`
}
