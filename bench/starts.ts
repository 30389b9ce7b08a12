/**
 * W6: from the start of a process to the answer to its first command, the data on disk and empty.
 * @module
 */
import { type Measurement, round, spread } from "./Figures.ts"

const starts = 3
const here = new URL(".", import.meta.url)

/** Milliseconds until the process said `READY`. */
const once = async (args: ReadonlyArray<string>): Promise<number> => {
  const startedAt = performance.now()
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--node-modules-dir=manual", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn()
  let text = ""
  let ms = Number.NaN
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (Number.isNaN(ms) && text.includes("READY")) ms = performance.now() - startedAt
  }
  await child.status
  return ms
}

/** Starts `subject` a few times, each in a folder of its own. */
export const of = async (subject: string, folder: string): Promise<Measurement> => {
  const times: Array<number> = []
  for (let n = 0; n < starts; n++) {
    const own = `${folder}/${n}`
    await Deno.mkdir(own)
    times.push(await once([new URL("start.ts", here).pathname, subject, own]))
  }
  const { max, median, min } = spread(times)
  return {
    subject,
    workload: "W6",
    figures: { count: starts, minMs: round(min, 0), startMs: round(median, 0), maxMs: round(max, 0) },
    faults: times.some(Number.isNaN) ? ["a process answered no command"] : [],
  }
}
