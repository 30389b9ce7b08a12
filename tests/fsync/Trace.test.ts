/**
 * The reader of traces tells a synced answer from one that ran ahead.
 * @module
 */
import { assert, describe, it } from "vitest"
import { judge, parse, syncsByMarker } from "./Trace.ts"

const idPattern = /cmd-\d{5}/g
const write = (id: string) => `10  pwrite64(22</d/nexus.db-wal>, "\\r\\0\\0${id}\\0Deposited", 4096, 56) = 4096`
const sync = `10  fdatasync(22</d/nexus.db-wal>)       = 0`
const answer = (id: string) =>
  `10  writev(9<socket:[5]>, [{iov_base="HTTP/1.1 200 OK\\r\\n", iov_len=9}, {iov_base="{\\"commandId\\":\\"${id}\\"", iov_len=9}], 2) = 99`
const verdict = (...lines: ReadonlyArray<string>) => judge(parse(lines.join("\n"), idPattern), ["cmd-00001"])

describe("judge()", () => {
  it("accepts an answer that follows write and sync", () => {
    assert.deepStrictEqual(verdict(write("cmd-00001"), sync, answer("cmd-00001")), { durable: 1, syncs: 1, faults: [] })
  })

  it("finds an answer without a sync, before its sync, or after the sync of something else", () => {
    const early = ["cmd-00001: answered before its bytes were synced"]
    assert.deepStrictEqual(verdict(write("cmd-00001"), answer("cmd-00001")).faults, early)
    assert.deepStrictEqual(verdict(write("cmd-00001"), answer("cmd-00001"), sync).faults, early)
    assert.deepStrictEqual(verdict(sync, write("cmd-00001"), answer("cmd-00001")).faults, early)
    assert.deepStrictEqual(
      verdict(write("cmd-00001"), sync.replace("-wal", "-journal"), answer("cmd-00001")).faults,
      early,
    )
    assert.deepStrictEqual(
      verdict(write("cmd-00001"), sync.replace("= 0", "= -1 EIO"), answer("cmd-00001")).faults,
      early,
    )
  })

  it("counts a sync from its start to its end where other threads overlap it", () => {
    const [begin, end] = [`10  fsync(22</d/nexus.db-wal> <unfinished ...>`, `10  <... fsync resumed>) = 0`]
    assert.deepStrictEqual(verdict(write("cmd-00001"), begin, end, answer("cmd-00001")).faults, [])
    assert.lengthOf(verdict(write("cmd-00001"), begin, answer("cmd-00001"), end).faults, 1)
    assert.lengthOf(verdict(begin, write("cmd-00001"), end, answer("cmd-00001")).faults, 1)
    assert.lengthOf(verdict(write("cmd-00001"), begin, end.replace("10", "11"), answer("cmd-00001")).faults, 1)
  })

  it("takes the first write of an id, for a page is written again with its neighbours", () => {
    assert.deepStrictEqual(
      verdict(write("cmd-00001"), sync, write("cmd-00001 cmd-00002"), answer("cmd-00001")).faults,
      [],
    )
  })

  it("finds an answer to what was never written, and a missing answer", () => {
    assert.deepStrictEqual(verdict(sync, answer("cmd-00001")).faults, [
      "cmd-00001: answered, but never written to the log",
    ])
    assert.deepStrictEqual(verdict(write("cmd-00001"), sync).faults, ["cmd-00001: no answer was seen"])
  })
})

describe("syncsByMarker()", () => {
  const mark = (kind: string) => `10  write(1</dev/null>, "kind: ${kind}\\n", 9) = 9`

  it("counts the syncs of the log between markers, whoever overlaps them", () => {
    const [begin, end] = [`10  fsync(22</d/nexus.db-wal> <unfinished ...>`, `10  <... fsync resumed>) = 0`]
    const other = sync.replace("nexus.db-wal", "dep_analysis-wal")
    const lines = [sync, mark("one"), sync, mark("none"), sync, mark("two"), begin, end, sync, mark("three"), other]
    assert.deepStrictEqual([...syncsByMarker(lines.join("\n"))], [["one", 1], ["none", 1], ["two", 2], ["three", 0]])
  })
})
