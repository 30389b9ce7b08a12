/**
 * What the projects of this suite install, beside Nexus from the file `nexus`.
 * @module
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../built.ts"

const json = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"))

/** As `nexus init` writes it. */
export const application = (nexus: string) => {
  const manifest = json("cli/template/_package.json")
  return { ...manifest, dependencies: { ...manifest.dependencies, "nexus-actors": nexus } }
}

/** Of the foreign service. */
export const foreign = (nexus: string) => {
  const { dependencies: { effect }, devDependencies } = json("package.json")
  const { "@effect/vitest": kit, "@types/node": node, typescript, vitest } = devDependencies
  return {
    type: "module",
    dependencies: { effect, "nexus-actors": nexus },
    devDependencies: { "@effect/vitest": kit, "@types/node": node, typescript, vitest },
  }
}
