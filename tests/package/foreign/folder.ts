/**
 * Folders for the tests of one file, removed behind them.
 * @module
 */
import { afterAll } from "@effect/vitest"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const all = mkdtempSync(join(tmpdir(), "journal-"))
afterAll(() => rmSync(all, { recursive: true }))

export const emptyFolder = (): string => mkdtempSync(join(all, "store-"))
