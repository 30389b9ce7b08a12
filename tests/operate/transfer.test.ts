/**
 * `nexus export` and `nexus import` over real files: equal bytes, cuts, garbage, kills.
 * @module
 */
import { Effect, Layer } from "effect"
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { EventStore, tombstone } from "../../core/EventStore.ts"
import { append, event, noop, refused, repeated, stored, streamOf } from "../../core/laws/fixtures.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { nexus, start, unread } from "./nexus.ts"

const place = mkdtempSync(join(tmpdir(), "nexus-transfer-"))
const at = (...names: ReadonlyArray<string>) => join(place, ...names)
const [file, source] = [at("all.jsonl"), at("source")]
const inStore = <A, E>(folder: string, use: Effect.Effect<A, E, EventStore>) =>
  Effect.runPromise(Effect.provide(use, Layer.fresh(Sqlite.layer({ folder }))))
const lines = (text = readFileSync(file, "utf8")) => text.trimEnd().split("\n")
const app = ["--app", "tests/operate/notes.ts"]
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const commands = process.env["NEXUS_CI"] === "1" ? 4_000 : 2_000
/** Streams of two tenants, commands of several events, payloads of odd spelling, every kind of receipt, a closed stream. */
const fill = Effect.gen(function* () {
  const store = yield* EventStore
  for (let n = 0; n < commands; n += 200) {
    yield* store.commit(Array.from({ length: 200 }, (_, i) => {
      const stream = streamOf(i % 5 === 0 ? "beta" : "alpha", `s-${i}`)
      return append(stream, (n / 200) * (1 + i % 3), `c-${n + i}`, 1 + i % 3)
    }))
  }
  const odd = streamOf("alpha", "odd")
  const payloads = [`{ "s" : "äöü 漢字 😀", "n":1.0 }`, `{"2":1,"1":2}`, `{"s":"\\u2028"}`]
  yield* stored(store, {
    ...append(odd, 0, "odd"),
    events: payloads.map((payload, i) => event(`odd-${i}`, { payload })),
  })
  yield* stored(store, refused(odd, 3, "refused"))
  yield* stored(store, noop(odd, 3, "noop"))
  yield* stored(store, refused(streamOf("beta", "empty"), 0, "refused"))
  yield* stored(store, { ...append(odd, 3, "closes"), events: [event("closes", tombstone)] })
})

beforeAll(async () => {
  await inStore(source, fill)
  assert.strictEqual((await nexus("export", file, "--data", source)).code, 0)
}, 60_000)
afterAll(() => rmSync(place, { recursive: true, force: true }))

describe("nexus export", () => {
  it("writes the same bytes from the store it was imported into, and to standard output", async () => {
    const imported = await nexus("import", file, "--data", at("copy"), ...app, "--json", "--progress")
    assert.strictEqual(imported.code, 0, imported.err)
    const { events, present, receipts, skipped, stored } = JSON.parse(imported.out)
    assert.deepStrictEqual({ present, receipts, skipped }, { present: 0, receipts: 3, skipped: 0 })
    assert.strictEqual(stored, commands + 2 + 3)
    assert.match(imported.err, /importing \[#+\] 100% .* events .*\/s/)
    const again = await nexus("export", "--data", at("copy"))
    assert.deepStrictEqual([again.code, again.err], [0, ""])
    assert.isTrue(again.out === readFileSync(file, "utf8"), "the bytes differ")
    assert.strictEqual(lines().length, events + receipts + 2)
    assert.match(lines()[0]!, /^\{"line":"header","format":1,"events":\d+\}$/)
    const verified = await nexus("verify", "--data", at("copy"), ...app)
    assert.strictEqual(verified.code, 0, verified.out)
  })

  it("keeps what makes retries answer as before", () =>
    inStore(
      at("copy"),
      Effect.gen(function* () {
        const [store, odd] = [yield* EventStore, streamOf("alpha", "odd")]
        for (const id of ["odd", "refused", "noop", "closes"]) {
          const there = yield* store.receipt(odd, id)
          assert.strictEqual((yield* repeated(store, append(odd, 0, id))).version, there?.version)
        }
      }),
    ))

  it("goes on with a file that was cut anywhere, and refuses one that is whole", async () => {
    const whole = readFileSync(file)
    const cuts = [0, 10, whole.indexOf("\n") + 1, (whole.length >> 1) + 3, whole.length - 300, whole.length - 1]
    for (const [i, cut] of cuts.entries()) {
      const part = at(`cut-${i}.jsonl`)
      writeFileSync(part, whole.subarray(0, cut))
      const { code, err } = await nexus("export", part, "--data", source)
      assert.strictEqual(code, 0, err)
      assert.isTrue(whole.equals(readFileSync(part)), `cut at ${cut}`)
    }
    const again = await nexus("export", file, "--data", source)
    assert.deepStrictEqual([again.code, again.out], [1, ""])
    assert.match(again.err, /is a whole export: name a new file/)
  }, 60_000)

  it("goes on after a kill", async () => {
    const part = at("killed.jsonl")
    const running = start("export", part, "--data", source)
    while (!existsSync(part) || statSync(part).size === 0) await pause(1)
    running.kill()
    await running.said
    if (statSync(part).size < statSync(file).size) {
      assert.strictEqual((await nexus("export", part, "--data", source)).code, 0)
    }
    assert.isTrue(readFileSync(file).equals(readFileSync(part)))
  })

  it("touches no file that is none of its own, and makes one that its owner alone reads", async () => {
    for (const [i, text] of ["a note", "a note\n", '{"line":"head', "\xff"].entries()) {
      const note = at(`note-${i}`)
      writeFileSync(note, text, "latin1")
      const { code, err } = await nexus("export", note, "--data", source)
      const ours = text.startsWith("{")
      assert.strictEqual(code, ours ? 0 : 1, err)
      assert.strictEqual(readFileSync(note, "latin1") === text, !ours, text)
      if (!ours) assert.match(err, /line 1: .*: this is no export to go on with/)
    }
    assert.deepStrictEqual([file, source].map((path) => statSync(path).mode & 0o777), [0o600, 0o700])
  })

  it("says what is left when it is stopped, and goes on with that", async () => {
    const part = at("stopped.jsonl")
    let stopped = 0
    for (let i = 0; i < 20 && stopped === 0; i++) {
      rmSync(part, { force: true })
      const running = start("export", part, "--data", source)
      while (!existsSync(part) || statSync(part).size === 0) await pause(1)
      running.kill("SIGINT")
      const { code, err } = await running.said
      if (code === 0) continue
      stopped++
      assert.deepStrictEqual([code, err], [
        130,
        "nexus: stopped; the file is not whole: the same command goes on with it\n",
      ])
    }
    assert.strictEqual(stopped, 1, "it was never stopped half-way")
    assert.strictEqual((await nexus("export", part, "--data", source)).code, 0)
    assert.isTrue(readFileSync(file).equals(readFileSync(part)))
  }, 60_000)

  it("ends with a word where its reader has gone, or the disk behind standard output is full", async () => {
    const full = await new Deno.Command("sh", {
      args: ["-c", `"${Deno.execPath()}" run -q -A cli/main.ts export --data "${source}" > /dev/full`],
      stdin: "null",
    }).output()
    const gone = await unread("export", "--data", source)
    for (const { code, err } of [gone, { code: full.code, err: new TextDecoder().decode(full.stderr) }]) {
      assert.strictEqual(code, 1)
      assert.match(err, /^nexus: cannot write to standard output: [^\n]*\n$/)
    }
  })

  it("writes one tenant's events alone, and refuses to go on with another's file or store", async () => {
    const one = at("beta.jsonl")
    assert.strictEqual((await nexus("export", one, "--data", source, "--tenant", "beta")).code, 0)
    const texts = lines(readFileSync(one, "utf8"))
    assert.isTrue(texts.slice(1, -1).every((text) => JSON.parse(text).tenant === "beta"))
    assert.strictEqual(texts.slice(1, -1).length, JSON.parse(texts[0]!).events + 1)
    assert.strictEqual((await nexus("import", one, "--data", at("beta"), ...app)).code, 0)
    writeFileSync(one, `${texts.slice(0, 9).join("\n")}\n`)
    const mixed = await nexus("export", one, "--data", source)
    assert.match(mixed.err, /was begun with another --tenant/)
    await inStore(
      at("other"),
      Effect.flatMap(EventStore, (store) => stored(store, append(streamOf("beta", "x"), 0, "x"))),
    )
    const other = await nexus("export", one, "--data", at("other"), "--tenant", "beta")
    assert.match(other.err, /was begun with another store/)
    assert.deepStrictEqual([mixed.code, other.code], [1, 1])
    assert.strictEqual((await nexus("export", at("none"), "--data", at("nothing"))).code, 1)
    assert.isFalse(existsSync(at("nothing")) || existsSync(at("none")))
  })
})

describe("nexus import", () => {
  it("names the line of what is wrong, and then stores nothing", async () => {
    const [header, ...rest] = lines()
    const put = (n: number, text: string) => [header, ...rest].with(n - 1, text)
    const second = JSON.parse(rest[0]!)
    const bad: ReadonlyArray<readonly [texts: ReadonlyArray<unknown>, line: number, reason: RegExp]> = [
      [[header, ...rest].slice(0, -1), rest.length + 1, /breaks off here/],
      [[header, ...rest].slice(0, 100), 101, /breaks off here, behind 99 events/],
      [put(7, "garbage"), 7, /no JSON/],
      [put(7, `{"line":"nothing"}`), 7, /none of header, event/],
      [put(2, JSON.stringify({ ...second, id: "a/b" })), 2, /\/id /],
      [put(2, JSON.stringify({ ...second, more: 1 })), 2, /\/more/],
      [put(2, JSON.stringify({ ...second, writerId: "changed" })), rest.length + 1, /another SHA-256/],
      [rest, 1, /header is missing.*; name a file that/],
      [[`{"line":"header","format":2,"events":1}`, ...rest], 1, /format is not 1/],
      [[header, ...rest.toSpliced(3, 1)], rest.length - 3, /were announced/],
      [[header, ...rest, rest[0]], rest.length + 2, /behind the end/],
    ]
    await Promise.all(bad.map(async ([texts, line, reason], i) => {
      writeFileSync(at(`bad-${i}`), `${texts.join("\n")}\n`)
      const { code, err, out } = await nexus("import", at(`bad-${i}`), "--data", at("bad"), ...app)
      assert.deepStrictEqual([code, out], [1, ""], String(reason))
      assert.match(err, new RegExp(`, line ${line}: `), String(reason))
      assert.match(err, reason)
    }))
    assert.isFalse(existsSync(at("bad")))
  }, 60_000)

  it("goes on where it was killed, and the same file twice changes nothing", async () => {
    const [folder, database] = [at("killed"), () => existsSync(at("killed", "nexus.db-wal"))]
    let kills = 0
    for (const ms of [0, 30, 90]) {
      const running = start("import", file, "--data", folder, ...app)
      while (!database()) await pause(1)
      await pause(ms)
      running.kill()
      if ((await running.said).code !== 0) kills++
    }
    assert.isAbove(kills, 0)
    assert.strictEqual((await nexus("import", file, "--data", folder, ...app)).code, 0)
    const again = JSON.parse((await nexus("import", file, "--data", folder, "--json", ...app)).out)
    assert.deepStrictEqual([again.stored, again.present], [0, commands + 2 + 3])
    assert.isTrue((await nexus("export", "--data", folder)).out === readFileSync(file, "utf8"))
  }, 60_000)

  it("refuses what differs from the store, names its line, and keeps the lines above", async () => {
    await inStore(
      at("differs"),
      Effect.flatMap(EventStore, (store) => stored(store, append(streamOf("alpha", "s-4"), 0, "c-4", 2))),
    )
    const { code, err } = await nexus("import", file, "--data", at("differs"), ...app)
    const line = lines().findIndex((text) => text.includes(`"id":"s-4"`)) + 1
    assert.strictEqual(code, 1)
    assert.match(err, new RegExp(`line ${line}: the store holds something else at this version`))
    const kept = await inStore(at("differs"), Effect.flatMap(EventStore, (store) => store.feed(undefined, 500)))
    assert.strictEqual(kept.items.length, 2 + line - 2)
  })
})
