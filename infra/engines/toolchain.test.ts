import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "vitest"
import { jdk, jdks, missing } from "./toolchain.ts"

it("jdk() takes the first that is new enough, and missing() says which there are", () => {
  const folder = mkdtempSync(join(tmpdir(), "nexus-jdks-"))
  const home = (name: string, version: string, programs = ["java", "javac"]) => {
    mkdirSync(join(folder, name, "bin"), { recursive: true })
    for (const program of programs) writeFileSync(join(folder, name, "bin", program), "")
    writeFileSync(join(folder, name, "release"), `IMPLEMENTOR="x"\nJAVA_VERSION="${version}"\n`)
    return join(folder, name)
  }
  try {
    const [eight, seventeen] = [home("8", "1.8.0_392"), home("17", "17.0.15")]
    const old = jdks([join(folder, "none"), eight, seventeen])
    assert.strictEqual(jdk(21, old), undefined)
    assert.strictEqual(
      missing("jdk21", old),
      `a JDK of at least 21 is missing (found: 1.8.0_392 in ${eight}, 17.0.15 in ${seventeen}): ` +
        "install one, or name it in JAVA_HOME",
    )
    assert.match(missing("jdk21", [])!, /found: none/)
    assert.isUndefined(missing("jdk17", old))
    assert.match(missing("jdk17", jdks([eight]))!, /^a JDK of at least 17 is missing/)
    assert.deepStrictEqual(jdks([home("runtime", "25", ["java"])]), [])
    const found = jdks([seventeen, home("21", "21"), home("25", "25.0.3")])
    assert.strictEqual(jdk(21, found)?.version, "21")
    assert.strictEqual(missing("jdk21", found), undefined)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
