/**
 * The programs that engines are built with or run on, and a sentence about the one that is missing.
 *
 * A JDK that is new enough may be installed without being the default: all usual places are looked at.
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { delimiter, join } from "node:path"
import process from "node:process"

export type Need = "jdk21" | "maven" | "go" | "python"

export interface Jdk {
  readonly home: string
  /** `21.0.2`, from the file `release` that every JDK has since 9. */
  readonly version: string
}

const jdkAt = (home: string): Jdk | undefined => {
  const release = join(home, "release")
  const program = join(home, "bin/java")
  if (!existsSync(release) || !existsSync(program)) return undefined
  const [, version] = /^JAVA_VERSION="([^"]+)"/m.exec(readFileSync(release, "utf8")) ?? []
  return version === undefined ? undefined : { home, version }
}

const below = (folder: string, tail = ""): ReadonlyArray<string> =>
  existsSync(folder) ? readdirSync(folder).toSorted().map((name) => join(folder, name, tail)) : []

/** `JAVA_HOME` first, then what stands where Linux, macOS, SDKMAN and Maven's toolchains put them. */
const homes = (): ReadonlyArray<string> => [
  ...[process.env["JAVA_HOME"] ?? ""].filter((home) => home !== ""),
  ...below("/usr/lib/jvm"),
  ...below("/opt"),
  ...below("/Library/Java/JavaVirtualMachines", "Contents/Home"),
  ...below("/opt/homebrew/opt", "libexec/openjdk.jdk/Contents/Home"),
  ...below(join(homedir(), ".sdkman/candidates/java")),
  ...below(join(homedir(), ".jdks")),
]

export const jdks = (places: ReadonlyArray<string> = homes()): ReadonlyArray<Jdk> =>
  places.flatMap((home) => jdkAt(home) ?? [])

const major = ({ version }: Jdk): number => Number(version.split(".")[0])

/** The first that is new enough. */
export const jdk = (least: number, found: ReadonlyArray<Jdk> = jdks()): Jdk | undefined =>
  found.find((one) => major(one) >= least)

const onPath = (...names: ReadonlyArray<string>): boolean =>
  names.some((name) => (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, name))))

/** One sentence, or nothing where it is there. */
export const missing = (need: Need, found: ReadonlyArray<Jdk> = jdks()): string | undefined => {
  if (need === "jdk21") {
    if (jdk(21, found) !== undefined) return undefined
    const seen = found.map(({ home, version }) => `${version} in ${home}`).join(", ")
    return `a JDK of at least 21 is missing (found: ${seen || "none"}): install one, or name it in JAVA_HOME`
  }
  const [program, title] = { maven: ["mvn", "Maven"], go: ["go", "Go"], python: ["python3", "Python 3"] }[need] as [
    string,
    string,
  ]
  return onPath(program) ? undefined : `${title} is missing: install it, so that ${program} is on the PATH`
}

/** Of the JDK that is new enough; call it where `missing` found nothing. */
export const java = (): string => join(jdk(21)!.home, "bin/java")
