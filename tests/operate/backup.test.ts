/**
 * `nexus backup` beside a server that is under load, and `nexus restore` of what it wrote.
 * @module
 */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { connect } from "../../runtime/adapters/sqlite/driver.ts"
import { faults } from "../kill/check.ts"
import { readLog, tokens } from "../kill/data.ts"
import * as Ledger from "../kill/Ledger.ts"
import * as load from "../kill/load.ts"
import * as ServerProcess from "../kill/ServerProcess.ts"
import { app, nexus, type Said, start } from "./nexus.ts"

const place = mkdtempSync(join(tmpdir(), "nexus-backup-"))
const at = (...names: ReadonlyArray<string>) => join(place, ...names)
const clients = 16
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Of one server under load: what was acknowledged before the backup, and what the verbs said. */
let before: ReadonlyArray<string> = []
let ledger: Ledger.Ledger
let backedUp: Said
let again: Said
let answeredMeanwhile = 0
let restoredBeside: Said

beforeAll(async () => {
  ledger = Ledger.make()
  const port = ServerProcess.freePort()
  const server = ServerProcess.start({ folder: at("live"), port })
  assert.isDefined(await server.ready(60_000), server.errors())
  const target: load.Target = { url: `http://127.0.0.1:${port}`, tokens: await tokens(at("live"), clients) }
  const running = load.start(target, clients, ledger, 7)
  while (ledger.answered.length < 3_000) await pause(20)
  before = [...ledger.answered]
  const backup = nexus("backup", at("copies", "one.db"), "--data", at("live"), "--progress", "--json")
  backedUp = await backup
  answeredMeanwhile = ledger.answered.length - before.length
  again = await nexus("backup", at("copies", "one.db"), "--data", at("live"))
  restoredBeside = await nexus("restore", at("copies", "one.db"), "--data", at("live"))
  await running.stop()
  await server.stop()
}, 120_000)
afterAll(() => rmSync(place, { recursive: true, force: true }))

describe("nexus backup", () => {
  it("copies what is whole while writers go on, and leaves one file", () => {
    assert.strictEqual(backedUp.code, 0, backedUp.err)
    assert.isAbove(answeredMeanwhile, 0, "the clients stood still")
    const { bytes, events, verified } = JSON.parse(backedUp.out)
    assert.isTrue(verified)
    assert.isAbove(events, 1_000)
    assert.strictEqual(readFileSync(at("copies", "one.db")).length, bytes)
    assert.deepStrictEqual(readdirSync(at("copies")), ["one.db"])
    assert.match(backedUp.err, /copying .* 100% .* pages/)
  })

  it("never writes over a file, and says what is missing", async () => {
    assert.deepStrictEqual([again.code, again.out], [1, ""])
    assert.match(again.err, /one\.db exists: name a new file/)
    assert.notMatch(again.err, /copying/, "progress without a terminal")
    const nothing = await nexus("backup", at("copies", "two.db"), "--data", at("nothing"))
    assert.deepStrictEqual([nothing.code, nothing.out], [1, ""])
    assert.match(nothing.err, /missing\. Name the folder/)
    const underFile = await nexus("backup", at("copies", "one.db", "two.db"), "--data", at("live"))
    assert.deepStrictEqual([underFile.code, underFile.out], [1, ""])
    assert.match(underFile.err, /^nexus: cannot write .*two\.db: .+$/m)
    assert.notMatch(underFile.err, /\bat .*\.ts/)
    assert.strictEqual((await nexus("backup", "--data", at("live"))).code, 2)
    assert.deepStrictEqual(readdirSync(at("copies")), ["one.db"])
  })

  it("leaves nothing when it is stopped, and says so; its file is its owner's alone", async () => {
    const list = () => readdirSync(at("copies"))
    let stopped: Said | undefined
    for (let i = 0; i < 20 && stopped?.code !== 143; i++) {
      rmSync(at("copies", "two.db"), { force: true })
      const running = start("backup", at("copies", "two.db"), "--data", at("live"))
      while (list().length === 1) await pause(1)
      running.kill("SIGTERM")
      stopped = await running.said
    }
    assert.deepStrictEqual([stopped!.code, stopped!.err], [143, "nexus: stopped; no copy was made\n"])
    assert.deepStrictEqual(list(), ["one.db"])
    assert.strictEqual(statSync(at("copies", "one.db")).mode & 0o777, 0o600)
  })

  it("refuses a store that is damaged, and leaves no copy of it", async () => {
    mkdirSync(at("damaged"))
    copyFileSync(at("copies", "one.db"), at("damaged", "nexus.db"))
    const driver = connect(at("damaged", "nexus.db"))
    driver.prepare("DROP TRIGGER events_are_not_deleted").run()
    driver.prepare("DELETE FROM events WHERE position = (SELECT min(position) FROM events WHERE version > 1)").run()
    driver.close()
    const { code, err } = await nexus("backup", at("copies", "two.db"), "--data", at("damaged"))
    assert.strictEqual(code, 1)
    assert.match(err, /the copy is bad, nothing was written: .*missing/)
    assert.deepStrictEqual(readdirSync(at("copies")), ["one.db"])
  })
})

describe("nexus restore", () => {
  it("gives back every command that was acknowledged before the backup began", async () => {
    // What a crashed restore has left is in nobody's way.
    mkdirSync(at("back"))
    writeFileSync(at("back", "nexus.db.part-999999999"), "half")
    writeFileSync(at("back", "nexus.db.part-of-mine"), "mine")
    const { code, err, out } = await nexus("restore", at("copies", "one.db"), "--data", at("back"))
    assert.deepStrictEqual([code, err], [0, ""])
    assert.match(out, /^restored .*nexus\.db: \d+ events of \d+ commands in \d+ streams, \d+ bytes, verified$/m)
    assert.strictEqual(statSync(at("back", "nexus.db")).mode & 0o777, 0o600)
    assert.deepStrictEqual(readdirSync(at("back")).toSorted(), ["nexus.db", "nexus.db.part-of-mine"])
    const verified = await nexus("verify", "--data", at("back"), ...app)
    assert.strictEqual(verified.code, 0, verified.out)
    const log = await readLog(at("back"))
    // Whatever is in the copy, and all that was acknowledged before it began.
    const wanted = new Set([...before, ...log.map(({ commandId }) => commandId)])
    const entries = new Map([...ledger.entries].filter(([commandId]) => wanted.has(commandId)))
    assert.deepStrictEqual(faults({ ...ledger, entries }, log).slice(0, 3), [])
    assert.isAbove(log.length, 1_000)
    const receipts = connect(at("back", "nexus.db"))
    const refused = before.filter((commandId) => ledger.entries.get(commandId)!.answer!.status !== 200)
    const find = receipts.prepare("SELECT 1 FROM receipts WHERE command_id = ?")
    assert.deepStrictEqual(refused.filter((commandId) => find.get(commandId) === undefined), [])
    receipts.close()
    assert.isAbove(refused.length, 10)
  })

  it("leaves a whole store or none, whenever it is killed", async () => {
    const [folder, list] = [at("killed"), () => readdirSync(at("killed"))]
    const held = () => list().includes("nexus.db")
    mkdirSync(folder)
    let interrupted = 0
    for (let ms = 0; ms <= 200 && !held(); ms += 50) {
      for (const left of list()) rmSync(join(folder, left))
      const restoring = start("restore", at("copies", "one.db"), "--data", folder)
      while (list().length === 0) await pause(1)
      await pause(ms)
      restoring.kill()
      await restoring.said
      if (!held() && list().length > 0) interrupted++
    }
    if (!held()) assert.strictEqual((await nexus("restore", at("copies", "one.db"), "--data", folder)).code, 0)
    assert.isAbove(interrupted, 0, "it was never killed half-way")
    assert.strictEqual((await nexus("verify", "--data", folder, ...app)).code, 0)
  })

  it("refuses a folder that has a store, or the log of one, and a file that is no backup", async () => {
    assert.deepStrictEqual([restoredBeside.code, restoredBeside.out], [1, ""])
    assert.match(restoredBeside.err, /nexus\.db exists: stop the servers/)
    mkdirSync(at("orphan"))
    writeFileSync(at("orphan", "nexus.db-wal"), "")
    const orphan = await nexus("restore", at("copies", "one.db"), "--data", at("orphan"))
    assert.match(orphan.err, /nexus\.db-wal exists: stop the servers/)
    writeFileSync(at("text"), "no database".repeat(1_000))
    const text = await nexus("restore", at("text"), "--data", at("new"))
    assert.deepStrictEqual([orphan.code, text.code], [1, 1])
    assert.match(text.err, /not-a-database/)
    const cut = readFileSync(at("copies", "one.db"))
    writeFileSync(at("cut.db"), cut.subarray(0, Math.floor(cut.length / 2)))
    const half = await nexus("restore", at("cut.db"), "--data", at("new"))
    assert.strictEqual(half.code, 1)
    assert.match(half.err, /damaged|corrupt/)
    assert.deepStrictEqual(readdirSync(at("new")), [])
  })
})
