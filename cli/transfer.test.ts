import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { Archive } from "../core/Archive.ts"
import * as ArchiveMemory from "../core/ArchiveMemory.ts"
import { EventStore } from "../core/EventStore.ts"
import { append, stored, streamOf } from "../core/laws/fixtures.ts"
import { exportVerb } from "./transfer.ts"
import type { Input } from "./Verb.ts"

const input: Input = {
  option: () => undefined,
  json: false,
  color: false,
  env: {},
  app: Effect.die("no application is needed"),
  print: () => Effect.void,
  progress: () => {},
}

/** A store of one event that counts `more` besides. */
const counting = (more: number) =>
  Layer.effectContext(Effect.gen(function* () {
    const context = yield* Layer.build(ArchiveMemory.layer)
    yield* stored(Context.get(context, EventStore), append(streamOf("t", "a"), 0, "one"))
    const archive = Context.get(context, Archive)
    const events = (tenant: string | undefined) => Effect.map(archive.events(tenant), (count) => count + more)
    return Context.add(context, Archive, { ...archive, events })
  }))

describe("nexus export to standard output", () => {
  it.effect("fails where the feed ends before what the store counts", () =>
    Effect.gen(function* () {
      const written: Array<string> = []
      const out = (text: string) => Effect.sync(() => void written.push(text))
      assert.strictEqual(yield* exportVerb(() => counting(0), out).run(input), 0)
      assert.match(written.join(""), /"line":"end"/)
      const failure = yield* Effect.flip(exportVerb(() => counting(1), out).run(input))
      assert.deepEqual([failure.exitCode, failure.message.includes("holds fewer events than it counts")], [1, true])
    }))
})
