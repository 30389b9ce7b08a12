/**
 * What every keeper of dead letters must keep, as data; each law uses a tenant and consumers of its own.
 * @module
 */
import { Effect, Layer } from "effect"
import { type DeadLetter, DeadLetters, type Filter, idOf, type Shape } from "./DeadLetters.ts"
import { epochMs, freshTenant, holds, type Law, same, streamOf } from "./laws/fixtures.ts"
import { all, ids, law, message, parked } from "./laws/letters.ts"
import { keyOf, type StreamKey } from "./Stream.ts"

export const laws: ReadonlyArray<Law<DeadLetters>> = [
  law("put() gives the row, found with every field by id and in the list", function* (letters, tenant) {
    const odd = `äöü 漢字 😀 '; DROP TABLE dead_letters; -- \u0000`
    const some = [
      parked(streamOf(tenant, "a"), 1, { error: odd, type: odd, traceId: "" }),
      message(streamOf(tenant, "a"), "e-1", 2, { version: Number.MAX_SAFE_INTEGER, error: "" }),
    ]
    const rows: Array<DeadLetter> = []
    for (const one of some) {
      const row = yield* letters.put(one)
      yield* same({ ...row, fence: 0 }, { ...one, asked: "nothing", fence: 0 }, "the row")
      yield* holds(Number.isSafeInteger(row.fence) && row.fence > 0, `a fence of ${row.fence}`)
      yield* same(yield* letters.get(tenant, one.id), row, "by id")
      rows.push(row)
    }
    yield* same(yield* all(letters, tenant), rows.toReversed(), "the list")
    yield* same(yield* letters.get(tenant, `${some[0]!.id}.x`), undefined, "one that is not there")
  }),

  law("put() of the same again is one row: the first attempt stays, attempts add up", function* (to, tenant) {
    const [stream, first] = [streamOf(tenant, "a"), yield* to.put(parked(streamOf(tenant, "a"), 5))]
    const again = parked(stream, 9, { version: 8, firstAt: epochMs + 7, attempts: 2, error: "again", traceId: "t" })
    const row = yield* to.put(again)
    const want = { ...again, firstAt: epochMs, attempts: 8, asked: "nothing", fence: first.fence + 1 }
    yield* same(row, want, "the row")
    yield* same(yield* all(to, tenant), [row], "the list")
    yield* same((yield* to.put(parked(stream, 9, { version: 5 }))).version, 8, "the version behind a late one")
  }),

  law("put() of 16 rivals is one row that counts all their attempts", function* (letters, tenant) {
    const stream = streamOf(tenant, "a")
    const rows = yield* Effect.all(Array.from({ length: 16 }, (_, i) => letters.put(parked(stream, i))), {
      concurrency: "unbounded",
    })
    const [row, ...others] = yield* all(letters, tenant)
    yield* same(others, [], "more rows")
    yield* same(row?.attempts, 16 * 6, "attempts")
    yield* same(new Set(rows.map(({ fence }) => fence)).size, 16, "fences")
    yield* same(row?.fence, Math.max(...rows.map(({ fence }) => fence)), "the fence")
  }),

  law("list() goes through all in pages, the newest first, without gap or repeat", function* (letters, tenant) {
    const rows: Array<DeadLetter> = []
    // Some of one time.
    for (const at of [5, 1, 9, 9, 3, 12, 9, 100]) {
      rows.push(yield* letters.put(message(streamOf(tenant, "a"), `e-${rows.length}`, at)))
    }
    rows.sort((a, b) => b.lastAt - a.lastAt || (a.id < b.id ? 1 : -1))
    for (const limit of [1, 2, 3, 7, 8, 9]) {
      yield* same(ids(yield* all(letters, tenant, {}, limit)), ids(rows), `in pages of ${limit}`)
      const page = yield* letters.list(tenant, {}, undefined, limit)
      yield* same(page.items.length, Math.min(limit, rows.length), `a page of ${limit}`)
      yield* same(page.cursor === undefined, limit >= rows.length, `whether there is more behind ${limit}`)
    }
    yield* same(yield* letters.list(`${tenant}.x`, {}, undefined, 9), { items: [] }, "a tenant without any")
  }),

  law("a cursor continues behind its item, whatever is put meanwhile", function* (letters, tenant) {
    const [a, b, c] = ["a", "b", "c"].map((id) => streamOf(tenant, id)) as [StreamKey, StreamKey, StreamKey]
    for (const [i, stream] of [a, b, c].entries()) yield* letters.put(parked(stream, i))
    const first = yield* letters.list(tenant, {}, undefined, 1)
    yield* letters.put(parked(streamOf(tenant, "d"), 9))
    yield* letters.put(parked(c, 10))
    const second = yield* letters.list(tenant, {}, first.cursor, 9)
    const want = [c, b, a].map((stream) => idOf(tenant, stream))
    yield* same(ids([...first.items, ...second.items]), want, "two pages")
  }),

  law("list() shows those of a consumer or of a stream", function* (letters, tenant) {
    const streams = ["a", "a.b", "b"].map((id) => streamOf(tenant, id))
    for (const consumer of ["mailer", "mailer.x"]) {
      for (const [i, stream] of streams.entries()) {
        yield* letters.put(parked(stream, i, { consumer }))
        yield* letters.put(message(stream, "e-1", i, { consumer }))
      }
    }
    const every = yield* all(letters, tenant)
    yield* same(every.length, 12, "all")
    for (const consumer of ["mailer", "mailer.x", "mail", undefined]) {
      for (const stream of ["a", "a.b", "b", "x", undefined].map((id) => id && keyOf(streamOf(tenant, id)))) {
        const filter = { ...consumer === undefined ? {} : { consumer }, ...stream === undefined ? {} : { stream } }
        const want = every.filter((one) =>
          (consumer === undefined || one.consumer === consumer) &&
          (stream === undefined || keyOf(one.stream) === stream)
        )
        for (const limit of [1, 2, 50]) {
          yield* same(ids(yield* all(letters, tenant, filter, limit)), ids(want), `of ${consumer} and ${stream}`)
        }
      }
    }
  }),

  law("tenants never see each other's, and a cursor belongs to what was asked", function* (letters, tenant) {
    const other = `${tenant}.x`
    const rows: Array<DeadLetter> = []
    for (const whose of [tenant, other]) {
      for (const id of ["a", "b"]) rows.push(yield* letters.put(parked(streamOf(whose, id), 1, { consumer: tenant })))
    }
    for (const [i, whose] of [tenant, other].entries()) {
      yield* same(ids(yield* all(letters, whose)), ids(rows.slice(i * 2, i * 2 + 2).toReversed()), "one tenant's")
      const foreign = rows[2 - i * 2]!
      yield* same(yield* letters.get(whose, foreign.id), undefined, "another one's by id")
      yield* same(yield* letters.ask(whose, foreign.id, "redrive"), undefined, "a redrive of another one's")
      yield* same((yield* letters.get(foreign.stream.tenant, foreign.id))?.asked, "nothing", "what that did")
    }
    const { cursor } = yield* letters.list(tenant, {}, undefined, 1)
    yield* holds(cursor !== undefined, "there is no cursor")
    const wrong: ReadonlyArray<readonly [string, Filter, string | undefined]> = [
      [other, {}, cursor],
      [tenant, { consumer: tenant }, cursor],
      [tenant, { stream: keyOf(streamOf(tenant, "a")) }, cursor],
      [tenant, {}, "nonsense"],
      [tenant, {}, ""],
    ]
    for (const [whose, filter, given] of wrong) {
      const error = yield* Effect.flip(letters.list(whose, filter, given, 1))
      yield* same(error._tag, "BadCursor", `the cursor ${given}`)
    }
  }),

  law("parked() names the streams that stand still for this consumer, and no others", function* (letters, tenant) {
    const streams = ["a", "b", "a.b", "c"].map((id) => streamOf(tenant, id))
    const foreign = streamOf(`${tenant}.x`, "a")
    yield* letters.put(parked(streams[0]!, 1))
    yield* letters.put(parked(streams[2]!, 1))
    yield* letters.put(parked(streams[1]!, 1, { consumer: `${tenant}.x` }))
    yield* letters.put(message(streams[3]!, "e-1", 1))
    yield* same(yield* Effect.map(letters.parked(tenant, []), (set) => [...set]), [], "of none")
    const found = yield* letters.parked(tenant, [...streams, foreign, streams[0]!])
    yield* same([...found].sort(), [streams[0]!, streams[2]!].map(keyOf).sort(), "parked")
    const many = Array.from({ length: 250 }, (_, i) => streamOf(tenant, `s-${i}`))
    yield* same([...yield* letters.parked(tenant, [...many, streams[0]!])], [keyOf(streams[0]!)], "of many")
    yield* letters.ask(tenant, idOf(tenant, streams[0]!), "redrive")
    yield* same((yield* letters.parked(tenant, [streams[0]!])).size, 1, "while it is redriven")
    yield* letters.resolve((yield* letters.get(tenant, idOf(tenant, streams[0]!)))!)
    yield* same((yield* letters.parked(tenant, [streams[0]!])).size, 0, "once it was resolved")
  }),

  law("parked() keeps a redrive from ending that had not seen what passed by", function* (letters, tenant) {
    const [a, b] = [streamOf(tenant, "a"), streamOf(tenant, "b")]
    for (const stream of [a, b]) yield* letters.put(parked(stream, 1))
    const asked: Array<DeadLetter> = []
    for (const stream of [a, b]) asked.push((yield* letters.ask(tenant, idOf(tenant, stream), "redrive"))!)
    yield* letters.parked(tenant, [a])
    yield* same(yield* Effect.forEach(asked, letters.resolve), [false, true], "resolved")
    const row = (yield* letters.get(tenant, idOf(tenant, a)))!
    yield* holds(row.fence > asked[0]!.fence, "the fence has not risen")
    yield* same({ ...row, fence: 0 }, { ...asked[0], fence: 0 }, "the rest of it")
    yield* same(yield* letters.resolve(row), true, "read again")
    yield* same((yield* letters.parked(tenant, [a])).size, 0, "parked then")
    yield* same(yield* letters.get(tenant, row.id), undefined, "what is left")
  }),

  law("ask() twice is once, and asked() gives the oldest first", function* (letters, tenant) {
    const rows: Array<DeadLetter> = []
    for (const [id, at] of [["a", 3], ["b", 1], ["c", 2], ["d", 0]] as const) {
      rows.push(yield* letters.put(parked(streamOf(tenant, id), at)))
    }
    const foreign = yield* letters.put(parked(streamOf(tenant, "a"), 0, { consumer: `${tenant}.x` }))
    yield* letters.ask(tenant, foreign.id, "redrive")
    yield* same(yield* letters.asked(tenant, 9), [], "before anybody asked")
    const asked: Array<DeadLetter> = []
    for (const [i, what] of (["redrive", "discard", "redrive"] as const).entries()) {
      const row = rows[i]!
      const first = yield* letters.ask(tenant, row.id, what)
      yield* same(first, { ...row, asked: what, fence: row.fence + 1 }, "the row")
      yield* same(yield* letters.ask(tenant, row.id, what), first, "the second time")
      yield* same(yield* letters.get(tenant, row.id), first, "what is kept")
      asked.push(first!)
    }
    const [a, b, c] = asked
    yield* same(yield* letters.asked(tenant, 9), [b, c, a], "all")
    yield* same(yield* letters.asked(tenant, 2), [b, c], "two of them")
    yield* same(yield* letters.ask(tenant, `${rows[0]!.id}.x`, "redrive"), undefined, "one that is not there")
    const failed = yield* letters.put(parked(streamOf(tenant, "c"), 9))
    yield* same([failed.asked, failed.fence], ["nothing", c!.fence + 1], "a redrive that failed")
    yield* same(yield* letters.asked(tenant, 9), [b, a], "what is left to do")
  }),

  law("ask() counts as it was said last, and at the version that was seen alone", function* (letters, tenant) {
    const stream = streamOf(tenant, "a")
    const put = yield* letters.put(parked(stream, 1))
    for (const seen of [2, 4]) yield* same(yield* letters.ask(tenant, put.id, "discard", seen), put, `at ${seen}`)
    yield* same(yield* letters.get(tenant, put.id), put, "what that did")
    let row = put
    for (const what of ["discard", "redrive", "discard"] as const) {
      const next = (yield* letters.ask(tenant, put.id, what, 3))!
      yield* same(next, { ...row, asked: what, fence: row.fence + 1 }, what)
      yield* same(yield* letters.ask(tenant, put.id, "redrive", 4), next, "at another version")
      yield* same(yield* letters.asked(tenant, 9), [next], "what is to be done")
      row = next
    }
    yield* letters.parked(tenant, [stream])
    const last = (yield* letters.ask(tenant, put.id, "redrive", 3))!
    yield* same([last.asked, last.fence], ["redrive", row.fence + 2], "behind an event that passed by")
  }),

  law("ask() of 16 rivals leaves one of their questions, and nobody is refused", function* (letters, tenant) {
    const { fence, id } = yield* letters.put(parked(streamOf(tenant, "a"), 1))
    const asked = Array.from({ length: 16 }, (_, i) => letters.ask(tenant, id, i % 2 === 0 ? "redrive" : "discard", 3))
    const rows = yield* Effect.all(asked, { concurrency: "unbounded" })
    const row = (yield* letters.get(tenant, id))!
    yield* holds(row.asked !== "nothing" && row.fence > fence && row.fence <= fence + 16, "what is kept")
    yield* same(row.fence, Math.max(...rows.map((one) => one!.fence)), "the fence")
    yield* same(yield* letters.asked(tenant, 9), [row], "what is to be done")
  }),

  law("put() ends what was asked, but a discard only where the version rises", function* (letters, tenant) {
    const stream = streamOf(tenant, "a")
    const { id } = yield* letters.put(parked(stream, 1, { version: 8 }))
    yield* letters.ask(tenant, id, "discard", 8)
    // A redrive that was under way failed on the event that is to be given up; then comes who stood still for long.
    for (const [at, version] of [[2, 8], [3, 5]] as const) {
      const { asked, eventId, version: now } = yield* letters.put(parked(stream, at, { version }))
      yield* same([asked, now, eventId], ["discard", 8, "event-2"], `behind ${version}`)
      yield* same((yield* letters.asked(tenant, 9)).map((one) => one.asked), ["discard"], "what is to be done")
    }
    const risen = yield* letters.put(parked(stream, 4, { version: 9 }))
    yield* same([risen.asked, risen.version, risen.eventId], ["nothing", 9, "event-4"], "behind 9")
    yield* same(yield* letters.asked(tenant, 9), [], "what is left to do")
  }),

  law("resolve() forgets a row, but not one that has changed since", function* (letters, tenant) {
    const stream = streamOf(tenant, "a")
    const put = yield* letters.put(parked(stream, 1))
    const asked = (yield* letters.ask(tenant, put.id, "redrive"))!
    yield* same(yield* letters.resolve(put), false, "by an older fence")
    yield* same(yield* letters.get(tenant, put.id), asked, "what is kept")
    yield* same([yield* letters.resolve(asked), yield* letters.resolve(asked)], [true, true], "by its own, twice")
    yield* same(yield* letters.get(tenant, put.id), undefined, "what is left")
    yield* same(yield* all(letters, tenant), [], "the list")
    yield* same(yield* letters.asked(tenant, 9), [], "what is left to do")
    const back = yield* letters.put(parked(stream, 1))
    yield* same([back.attempts, back.asked], [6, "nothing"], "one that came again")
    for (const old of [put, asked]) yield* same(yield* letters.resolve(old), false, "by a fence of the one before")
    yield* letters.ask(tenant, back.id, "redrive")
    for (const old of [put, asked, back]) yield* same(yield* letters.resolve(old), false, "by an old fence, then")
    yield* same((yield* letters.get(tenant, put.id))?.asked, "redrive", "what is kept then")
  }),

  law("resolve() and put() of rivals leave the row that one of them saw last", function* (letters, tenant) {
    const streams = Array.from({ length: 16 }, (_, i) => streamOf(tenant, `s-${i}`))
    for (const stream of streams) {
      const row = yield* letters.put(parked(stream, 1))
      const [isGone, again] = yield* Effect.all([letters.resolve(row), letters.put(parked(stream, 2))], {
        concurrency: "unbounded",
      })
      // Either it was resolved and came anew, or the put was first and the resolve too late.
      yield* same(again.attempts, isGone ? 6 : 12, `attempts, resolved: ${isGone}`)
      yield* same(yield* letters.get(tenant, row.id), again, "what is kept")
    }
  }),
]

/** The laws of dead letters that outlive their keeper; each build of `open` opens the same data. */
export const reopened = <E>(open: Layer.Layer<DeadLetters, E>): ReadonlyArray<Law<never>> => {
  const half = <A, E2>(body: (letters: Shape) => Effect.Effect<A, E2>) =>
    Effect.flatMap(Effect.service(DeadLetters), body).pipe(Effect.provide(Layer.fresh(open)))
  return [{
    name: "dead letters outlive their keeper, and what was asked of them",
    law: Effect.gen(function* () {
      const tenant = yield* freshTenant
      const streams = ["a", "b", "c"].map((id) => streamOf(tenant, id))
      for (const [i, stream] of streams.entries()) yield* half((letters) => letters.put(parked(stream, i)))
      const first = yield* half((letters) => letters.list(tenant, {}, undefined, 1))
      const rest = yield* half((letters) => letters.list(tenant, {}, first.cursor, 9))
      const want = streams.toReversed().map((stream) => idOf(tenant, stream))
      yield* same(ids([...first.items, ...rest.items]), want, "two pages")
      const asked = yield* half((letters) => letters.ask(tenant, want[1]!, "redrive"))
      yield* same(yield* half((letters) => letters.asked(tenant, 9)), [asked], "what is left to do")
      yield* same(yield* half((letters) => letters.resolve(asked!)), true, "resolved")
      yield* same((yield* half((letters) => letters.parked(tenant, streams))).size, 2, "parked then")
    }),
  }]
}
