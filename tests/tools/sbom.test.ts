import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "vitest"
import * as sbom from "./sbom.ts"
import { root } from "./tools.ts"

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const lock = JSON.parse(readFileSync(join(root, "deno.lock"), "utf8"))

it("make() lists every production dependency and what it needs, with version, licence and hash", () => {
  const { components, dependencies, metadata } = sbom.make(root)
  assert.strictEqual(metadata.component.name, manifest.name)
  for (const [name, version] of Object.entries(manifest.dependencies)) {
    const found = components.find((one) => one.name === name)
    assert.strictEqual(found?.version, version, name)
    // The registry's own words, in another spelling.
    const integrity: string = lock.npm[`${name}@${version}`].integrity
    const { content } = found!.hashes[0]!
    assert.strictEqual(
      integrity,
      `sha512-${btoa(content.replace(/../g, (two) => String.fromCharCode(parseInt(two, 16))))}`,
    )
  }
  for (const { hashes: [hash], licenses: [license], name, purl } of components) {
    assert.match(hash!.content, /^[0-9a-f]{128}$/, name)
    assert.match(license!.expression, /^[\w.()+ -]+$/, name)
    assert.match(purl, /^pkg:npm\/(%40[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+/, name)
  }
  const refs = new Set(components.map((one) => one["bom-ref"]))
  assert.strictEqual(refs.size, components.length)
  for (const { dependsOn, ref } of dependencies) for (const to of dependsOn) assert.isTrue(refs.has(to), `${ref} ${to}`)
  // What only tests need is not shipped.
  for (const name of ["vitest", "wrangler", "typescript", "playwright-core"]) {
    assert.notInclude(components.map((one) => one.name), name)
  }
  for (const name of sbom.bundled) assert.include(components.map((one) => one.name), name)
})

it("make() gives the same bytes for the same tree", () => {
  assert.strictEqual(JSON.stringify(sbom.make(root)), JSON.stringify(sbom.make(root)))
})
