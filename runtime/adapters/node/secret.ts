/**
 * A secret in a file that only its owner may read; made on first use.
 * @module
 */
import { randomUUID } from "node:crypto"
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"

/** The text of the file; where there is none, that of `create`. Two processes that start together agree on one. */
export const readOrCreate = async (path: string, create: () => Promise<string>): Promise<string> => {
  if (!existsSync(path)) {
    const text = await create()
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const own = `${path}.${randomUUID()}`
    writeFileSync(own, text, { mode: 0o600, flag: "wx" })
    try {
      // A link is made only where no file is: the first of two processes wins, and no reader sees half a file.
      linkSync(own, path)
    } catch (error) {
      if (!existsSync(path)) throw error
    } finally {
      unlinkSync(own)
    }
  }
  return readFileSync(path, "utf8")
}
