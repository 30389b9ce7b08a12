/**
 * Every guide of the project, and the programs that its TypeScript blocks make.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs"
import { posix } from "node:path"
import { type Block, blocksOf, marked } from "./blocks.ts"

export interface Guide {
  readonly path: string
  readonly blocks: ReadonlyArray<Block>
}

/** README, the README that `nexus init` writes, and all of `docs`. */
export const guides = (): ReadonlyArray<Guide> =>
  [
    "README.md",
    "cli/template/README.md",
    ...readdirSync("docs", { recursive: true, encoding: "utf8" }).map((path) => posix.join("docs", path)),
  ].filter((path) => path.endsWith(".md")).toSorted().map((path) => ({
    path,
    blocks: blocksOf(readFileSync(path, "utf8")),
  }))

export interface Program {
  /** `docs/testing.md:16`. */
  readonly at: string
  readonly text: string
  readonly runs: boolean
}

/**
 * The blocks that are no excerpts. `<!-- in: folder -->` says where relative imports begin (the orders example where
 * absent), `<!-- continues -->` that the blocks before it in the guide stand above it. All are run but those that serve or need a server;
 * those of the client are run by `tests/client/docs.test.ts`.
 */
export const programsOf = ({ blocks, path }: Guide): ReadonlyArray<Program> => {
  const programs: Array<Program> = []
  let before = ""
  for (const block of blocks) {
    if (block.lang !== "ts" || marked(block, "file") !== undefined) continue
    const folder = marked(block, "in") ?? "examples/orders"
    const own = block.text.replaceAll(/(from ")\.\//g, `$1../../${folder}/`)
    before = block.mark === "continues" ? `${before}\n${own}` : own
    const text = `${before}\nexport {}\n`
    programs.push({ at: `${path}:${block.line}`, text, runs: !/\bserve\(|new WebSocket|fetch\(|connect</.test(text) })
  }
  return programs
}
