/**
 * Installs the peers beside their adapters, with npm and for the bench alone: nothing else in the project knows them.
 * @module
 */
import { lacking } from "../../infra/engines/engines.ts"

const here = new URL(".", import.meta.url)
/** Compiling a driver takes npm two minutes where none is ready to load. */
const secondsMax = 240

/** What each subject needs, by folder; a subject not named here needs nothing. */
export const folders: Readonly<Record<string, string>> = {
  castore: "./",
  "castore-dynamodb": "./",
  equinox: "./",
  emmett: "./",
  "emmett-sqlite": "sqlite/",
}

const isThere = (folder: string): Promise<boolean> =>
  Deno.stat(new URL(`${folder}node_modules/.package-lock.json`, here)).then(() => true, () => false)

/** Whether the packages of `folder` are there, after trying. */
const install = async (folder: string, say: (line: string) => void): Promise<boolean> => {
  if (await isThere(folder)) return true
  say(`installing the packages of bench/peers/${folder === "./" ? "" : folder} (npm, once)`)
  try {
    const { code } = await new Deno.Command("npm", {
      args: ["ci", "--no-audit", "--no-fund"],
      cwd: new URL(folder, here),
      stdout: "null",
      stderr: "null",
      signal: AbortSignal.timeout(secondsMax * 1000),
    }).output()
    return code === 0 && await isThere(folder)
  } catch {
    return false
  }
}

/** Those of `subjects` that cannot take part here. */
export const missing = async (
  subjects: ReadonlyArray<string>,
  say: (line: string) => void,
): Promise<ReadonlySet<string>> => {
  const absent = new Set<string>()
  const lacks = subjects.includes("opa") ? lacking("opa") : undefined
  if (lacks !== undefined) {
    absent.add("opa")
    say(`left out: opa: ${lacks}`)
  }
  for (const folder of new Set(subjects.flatMap((subject) => folders[subject] ?? []))) {
    if (await install(folder, say)) continue
    const gone = subjects.filter((subject) => folders[subject] === folder)
    for (const subject of gone) absent.add(subject)
    say(`left out: ${gone.join(", ")}: npm could not install them`)
  }
  return absent
}
