/**
 * The client as a browser would get it: one file of JavaScript, minified.
 * @module
 */
import { build, type Rolldown } from "vite"

/** The code of `entry` with all it imports. */
export const bundle = async (entry: string): Promise<string> => {
  const built = await build({
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      // Not vite's library mode: that leaves the white space in.
      rolldownOptions: { input: entry, preserveEntrySignatures: "strict", output: { format: "es", minify: true } },
    },
  })
  const [output] = (Array.isArray(built) ? built : [built]) as ReadonlyArray<Rolldown.RolldownOutput>
  const chunks = output!.output.filter((one) => one.type === "chunk")
  if (chunks.length !== 1) throw new Error(`${chunks.length} chunks`)
  const [{ code, dynamicImports, imports }] = chunks as [Rolldown.OutputChunk]
  if (imports.length + dynamicImports.length > 0) throw new Error(`imports ${[...imports, ...dynamicImports]}`)
  return code
}

export const client = "edge/client/client.ts"
