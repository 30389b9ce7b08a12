/**
 * The lines of a file, in bounded memory.
 * @module
 */
import { closeSync, openSync, readSync } from "node:fs"

export interface FileLine {
  /** Absent where it is no UTF-8, or longer than it may be. */
  readonly text: string | undefined
  /** Bytes of the file up to and with its line feed. */
  readonly end: number
  /** The file goes on behind it, or ends with its line feed. */
  readonly whole: boolean
}

const chunkBytes = 1 << 20
const feed = 10

/** Throws what the file system throws. */
export function* linesOf(file: string, lineBytesMax: number): Generator<FileLine> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
  const textOf = (bytes: Uint8Array): string | undefined => {
    try {
      return bytes.length > lineBytesMax ? undefined : decoder.decode(bytes)
    } catch {
      return undefined
    }
  }
  const handle = openSync(file, "r")
  try {
    const chunk = new Uint8Array(chunkBytes)
    let rest = new Uint8Array(0)
    let end = 0
    for (let read = readSync(handle, chunk); read > 0; read = readSync(handle, chunk)) {
      const bytes = new Uint8Array(rest.length + read)
      bytes.set(rest)
      bytes.set(chunk.subarray(0, read), rest.length)
      let from = 0
      for (let at = bytes.indexOf(feed, rest.length); at >= 0; at = bytes.indexOf(feed, from)) {
        end += at + 1 - from
        yield { text: textOf(bytes.subarray(from, at)), end, whole: true }
        from = at + 1
      }
      rest = bytes.slice(from)
      if (rest.length > lineBytesMax) return yield { text: undefined, end: end + rest.length, whole: true }
    }
    if (rest.length > 0) yield { text: textOf(rest), end: end + rest.length, whole: false }
  } finally {
    closeSync(handle)
  }
}
