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

export type Need = "jdk17" | "jdk21" | "maven" | "go" | "npm" | "python"

export interface Jdk {
  readonly home: string
  /** `21.0.2`, from the file `release` that every JDK has since 9. */
  readonly version: string
}

/** Without a compiler it is no more than a runtime. */
const jdkAt = (home: string): Jdk | undefined => {
  if (!["release", "bin/java", "bin/javac"].every((path) => existsSync(join(home, path)))) return undefined
  const [, version] = /^JAVA_VERSION="([^"]+)"/m.exec(readFileSync(join(home, "release"), "utf8")) ?? []
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

const programs: Readonly<Record<Exclude<Need, "jdk17" | "jdk21">, readonly [program: string, title: string]>> = {
  maven: ["mvn", "Maven"],
  go: ["go", "Go"],
  npm: ["npm", "npm"],
  python: ["python3", "Python 3"],
}

/** One sentence, or nothing where it is there. */
export const missing = (need: Need, found: ReadonlyArray<Jdk> = jdks()): string | undefined => {
  if (need === "jdk17" || need === "jdk21") {
    const least = Number(need.slice(3))
    if (jdk(least, found) !== undefined) return undefined
    const seen = found.map(({ home, version }) => `${version} in ${home}`).join(", ")
    return `a JDK of at least ${least} is missing (found: ${seen || "none"}): install one, or name it in JAVA_HOME`
  }
  const [program, title] = programs[need]
  return onPath(program) ? undefined : `${title} is missing: install it, so that ${program} is on the PATH`
}

/** Of the first JDK that is new enough; call it where `missing` found nothing. */
export const java = (least: number): string => join(jdk(least)!.home, "bin/java")
/** The same JDK's compiler. */
export const javac = (least: number): string => join(jdk(least)!.home, "bin/javac")
