/**
 * Hosts over stores whose streams are apart: what happens to one of them is no other's business.
 * @module
 */
import { assert } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import * as Rig from "./Rig.ts"
import { awaitAll, fork, tag } from "./steps.ts"

export const cases: Array<Rig.Case> = []
const check = Rig.collect(cases)

/** Neither stored nor read, nor refused. */
const stuck = (id: string): boolean => id.startsWith("stuck")

check(
  "apart: a stream that is not stored, and one that is not read, keep no other waiting",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      rig.hooks.isApart = true
      const host = yield* rig.host({ ticks: 2 })
      const over = yield* Deferred.make<void>()
      const groups: Array<number> = []
      rig.hooks.commit = (commit) => (group) => {
        groups.push(group.length)
        return group.some(({ stream }) => stuck(stream.id))
          ? Effect.andThen(Deferred.await(over), commit(group))
          : commit(group)
      }
      rig.hooks.read = (store) => ({
        readEach: (requests, limit) =>
          requests.some(({ stream }) => stream.id === "unread")
            ? Effect.andThen(Deferred.await(over), store.readEach(requests, limit))
            : store.readEach(requests, limit),
      })
      const ids = ["unread", "stuck-1", "stuck-2", "stuck-3", "a", "b"]
      const fibers = yield* Effect.forEach(ids, (id) => fork(host.tell(id, "Add", { n: 1 })))
      const more = yield* fork(host.tell("a", "Add", { n: 1 }))
      yield* Rig.settle
      const isAnswered = [...fibers, more].map((fiber) => fiber.pollUnsafe() !== undefined)
      assert.deepEqual(isAnswered, [false, false, false, false, true, true, true])
      // Those of one stream still share a group.
      assert.deepEqual(groups, [1, 1, 1, 2, 1])
      yield* Deferred.succeed(over, undefined)
      yield* awaitAll(fibers)
    }),
)

check("apart: no more streams are asked for at once than there are connections", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    rig.hooks.isApart = true
    const host = yield* rig.host({ connections: 3 })
    const over = yield* Deferred.make<void>()
    let asked = 0
    rig.hooks.commit = (commit) => (group) => {
      asked++
      return Effect.andThen(Deferred.await(over), commit(group))
    }
    const ids = Array.from({ length: 9 }, (_, i) => `s-${i}`)
    const fibers = yield* Effect.forEach(ids, (id) => fork(host.tell(id, "Add", { n: 1 })))
    yield* Rig.settle
    assert.strictEqual(asked, 3)
    yield* Deferred.succeed(over, undefined)
    assert.deepEqual((yield* awaitAll(fibers)).map(tag), Array(9).fill("ok"))
  }))

check(
  "apart: new streams are told by one question, and one that is not answered keeps nobody for long",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      rig.hooks.isApart = true
      const asked: Array<number> = []
      let isSilent = false
      rig.hooks.read = () => ({
        begun: (streams) => {
          asked.push(streams.length)
          return isSilent ? Effect.never : Effect.succeed(streams.map(() => false))
        },
      })
      const host = yield* rig.host()
      const add = (id: string) => fork(host.tell(id, "Add", { n: 1 }))
      assert.deepEqual((yield* awaitAll(yield* Effect.forEach(["a", "b", "c"], add))).map(tag), ["ok", "ok", "ok"])
      assert.deepEqual(asked, [3])
      isSilent = true
      assert.deepEqual((yield* awaitAll(yield* Effect.forEach(["d", "e"], add))).map(tag), ["ok", "ok"])
      assert.deepEqual(asked, [3, 2])
    }),
)
