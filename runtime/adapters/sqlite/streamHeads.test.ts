import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { EventStore } from "../../../core/EventStore.ts"
import { append, stored, streamOf } from "../../../core/laws/fixtures.ts"
import { StreamHeads } from "../../../core/StreamHeads.ts"
import * as Sqlite from "./Sqlite.ts"
import { freshFolder } from "./testFolder.ts"

it.effect("heads() pages through the streams of all tenants and aggregates, each with its newest version", () =>
  Effect.gen(function* () {
    const services = yield* Layer.build(Sqlite.layer({ folder: yield* freshFolder }))
    const store = Context.get(services, EventStore)
    const { heads } = Context.get(services, StreamHeads)
    assert.deepStrictEqual(yield* heads(undefined, 10), { items: [], cursor: undefined })
    const expected: Array<string> = []
    for (const [tenant, aggregate] of [["t", "Order"], ["u", "Order"], ["t", "Box"]] as const) {
      for (let i = 1; i <= 5; i++) {
        yield* stored(store, append(streamOf(tenant, `s${i}`, aggregate), 0, "first", 1))
        if (i > 1) yield* stored(store, append(streamOf(tenant, `s${i}`, aggregate), 1, "next", i - 1))
        expected.push(`${tenant}/${aggregate}/s${i}/${i}`)
      }
    }
    for (const limit of [1, 4, 15, 100]) {
      const found: Array<string> = []
      for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
        const page = yield* heads(cursor, limit)
        found.push(
          ...page.items.map(({ stream, version }) => `${stream.tenant}/${stream.aggregate}/${stream.id}/${version}`),
        )
        cursor = page.cursor
      }
      assert.deepStrictEqual(found, expected)
    }
  }))
