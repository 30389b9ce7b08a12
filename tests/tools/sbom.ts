/**
 * What the package is made of besides itself, as CycloneDX 1.6: `deno task sbom [file]`, `dist.cdx.json` where none is named.
 *
 * From the lock file (versions, hashes) and the installed manifests (licences); the same tree gives the same bytes.
 * @module
 */
import { Buffer } from "node:buffer"
import { readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"

interface Locked {
  readonly integrity: string
  readonly dependencies?: ReadonlyArray<string>
  readonly optionalDependencies?: ReadonlyArray<string>
}
interface Lock {
  readonly specifiers: Readonly<Record<string, string>>
  readonly npm: Readonly<Record<string, Locked>>
}
export interface Component {
  readonly type: "library"
  readonly "bom-ref": string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly hashes: ReadonlyArray<{ readonly alg: "SHA-512"; readonly content: string }>
  readonly licenses: ReadonlyArray<{ readonly expression: string }>
}
export interface Bom {
  readonly bomFormat: "CycloneDX"
  readonly specVersion: "1.6"
  readonly version: 1
  readonly metadata: { readonly component: Omit<Component, "hashes" | "type"> & { readonly type: "framework" } }
  readonly components: ReadonlyArray<Component>
  readonly dependencies: ReadonlyArray<{ readonly ref: string; readonly dependsOn: ReadonlyArray<string> }>
}

/** Not among the dependencies, but its bundle is copied into the package. Which versions are inside, its makers know. */
export const bundled = ["openapi-explorer"]

const json = <A>(...path: ReadonlyArray<string>): A => JSON.parse(readFileSync(join(...path), "utf8")) as A

/** `@scope/name@1.2.3_peer@4` is name and version; the peers say only which copy. */
const parse = (key: string): { readonly name: string; readonly version: string } => {
  const at = key.indexOf("@", 1)
  return { name: key.slice(0, at), version: key.slice(at + 1).split("_")[0]! }
}
const purl = (key: string): string => {
  const { name, version } = parse(key)
  return `pkg:npm/${name.replace("@", "%40")}@${version}`
}

/** As Deno lays packages out. */
const licenseOf = (root: string, key: string): string => {
  const { name, version } = parse(key)
  const folder = join(root, "node_modules/.deno", `${name.replace("/", "+")}@${version}`, "node_modules", name)
  const { license } = json<{ license?: string | { readonly type: string } }>(folder, "package.json")
  const text = typeof license === "object" ? license.type : license
  if (text === undefined) throw new Error(`${key} names no licence`)
  return text
}

export const make = (root: string): Bom => {
  const manifest = json<{ name: string; version: string; license: string; dependencies: Record<string, string> }>(
    root,
    "package.json",
  )
  const lock = json<Lock>(root, "deno.lock")
  const keys = Object.keys(lock.npm)
  /** Dependencies stand as a name where one version is locked, else with the version; a tail of peers may be left out. */
  const keyOf = (wanted: string): string => {
    const found = keys.find((key) => key === wanted) ??
      keys.find((key) => key.startsWith(wanted.includes("@", 1) ? `${wanted}_` : `${wanted}@`))
    if (found === undefined) throw new Error(`${wanted} is not in the lock file`)
    return found
  }
  const roots = [...Object.keys(manifest.dependencies), ...bundled].map((name) => {
    const specifier = Object.keys(lock.specifiers).find((one) => one.startsWith(`npm:${name}@`))
    return keyOf(`${name}@${specifier === undefined ? "" : lock.specifiers[specifier]}`)
  })
  const below = (key: string) => bundled.includes(parse(key).name) ? [] : (lock.npm[key]!.dependencies ?? []).map(keyOf)
  const found = new Set<string>()
  const visit = (key: string): void => {
    if (found.has(key)) return
    found.add(key)
    below(key).forEach(visit)
  }
  roots.forEach(visit)
  const all = [...found].sort()
  const self = `pkg:npm/${manifest.name}@${manifest.version}`
  const refs = (some: ReadonlyArray<string>) => [...new Set(some.map(purl))].sort()
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        ...{ type: "framework", "bom-ref": self, name: manifest.name, version: manifest.version, purl: self },
        licenses: [{ expression: manifest.license }],
      },
    },
    components: all.map((key) => ({
      ...{ type: "library", "bom-ref": purl(key), ...parse(key), purl: purl(key) },
      hashes: [{
        alg: "SHA-512",
        content: Buffer.from(lock.npm[key]!.integrity.replace("sha512-", ""), "base64").toString("hex"),
      }],
      licenses: [{ expression: licenseOf(root, key) }],
    })),
    dependencies: [
      { ref: self, dependsOn: refs(roots) },
      ...all.map((key) => ({ ref: purl(key), dependsOn: refs(below(key)) })),
    ],
  }
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname!, "../..")
  const out = resolve(Deno.args[0] ?? join(root, "dist.cdx.json"))
  const bom = make(root)
  writeFileSync(out, `${JSON.stringify(bom, null, 2)}\n`)
  console.log(`${out}: ${bom.components.length} components`)
}
