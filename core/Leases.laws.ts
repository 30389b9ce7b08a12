/**
 * What every keeper of leases must keep, as data; each law uses names of its own.
 * @module
 */
import { Effect, Layer } from "effect"
import { freshTenant, holds, type Law, same } from "./laws/fixtures.ts"
import { type Lease, Leases, type Shape } from "./Leases.ts"
import { Limits, lowered } from "./Limits.ts"

const law = (
  name: string,
  body: (leases: Shape, whose: string) => Generator<Effect.Effect<unknown, unknown>, void, never>,
): Law<Leases> => ({
  name,
  law: Effect.gen(function* () {
    const leases = yield* Leases
    const whose = yield* freshTenant
    yield* Effect.gen(() => body(leases, whose))
  }),
})

/** A lease that nobody held before. */
const taken = Effect.fnUntraced(function* (leases: Shape, name: string, owner = "a") {
  const lease = yield* leases.take(name, owner, undefined)
  yield* same(lease, { name, owner, fence: 1, beat: 0 }, "a first lease")
  return lease!
})
const one = (leases: Shape, name: string) => Effect.map(leases.list(name), (all) => all.find((it) => it.name === name))
const rivals = 64

export const laws: ReadonlyArray<Law<Leases>> = [
  law("take() gives a lease that does not exist to exactly one of 64 rivals", function* (leases, whose) {
    const name = `${whose}/shard`
    const got = yield* Effect.all(Array.from({ length: rivals }, (_, i) => leases.take(name, `p${i}`, undefined)), {
      concurrency: "unbounded",
    })
    const winners = got.filter((lease) => lease !== undefined)
    yield* same(winners.length, 1, "winners")
    yield* same(yield* one(leases, name), winners[0], "what is kept")
  }),

  law("take() from another holder lets one of 64 rivals win, also of one name", function* (leases, whose) {
    for (const nameOf of [(i: number) => `p${i}`, () => "same"]) {
      const name = `${whose}/${nameOf(0)}`
      const seen = yield* taken(leases, name)
      const got = yield* Effect.all(Array.from({ length: rivals }, (_, i) => leases.take(name, nameOf(i), seen)), {
        concurrency: "unbounded",
      })
      const winners = got.filter((lease) => lease !== undefined)
      yield* same(winners.map(({ fence }) => fence), [2], "the winner's fence")
      yield* same(yield* one(leases, name), winners[0], "what is kept")
    }
  }),

  law("take() gives nothing where the lease has changed since it was seen", function* (leases, whose) {
    const name = `${whose}/shard`
    const seen = yield* taken(leases, name)
    yield* same(yield* leases.take(name, "b", undefined), undefined, "as if it did not exist")
    const kept = (yield* leases.keep(seen))!
    const wrong = [seen, { fence: 2, beat: 1 }, { fence: 0, beat: 1 }, { fence: 1, beat: 2 }]
    for (const other of wrong) yield* same(yield* leases.take(name, "b", other), undefined, "a change")
    yield* same(yield* one(leases, name), kept, "what is kept")
    yield* same(yield* leases.take(`${whose}/none`, "b", seen), undefined, "one that does not exist")
    yield* same(yield* leases.list(`${whose}/none`), [], "what that left")
  }),

  law("a lease that was taken fences its holder from before", function* (leases, whose) {
    const name = `${whose}/shard`
    const old = yield* taken(leases, name)
    const now = (yield* leases.take(name, "b", old))!
    yield* same(now, { ...old, owner: "b", fence: 2 }, "the new lease")
    yield* same(yield* leases.keep(old), undefined, "the old holder keeps it")
    yield* same(yield* leases.keep(old, "late"), undefined, "and writes a checkpoint")
    yield* leases.release(old)
    yield* same(yield* one(leases, name), now, "what is kept")
    // The same process again, which does not know that it lost the lease in between.
    const again = (yield* leases.take(name, "a", now))!
    yield* same(yield* leases.keep(old, "late"), undefined, "an old fence of the present owner")
    yield* leases.release(old)
    yield* same(yield* one(leases, name), again, "what is kept then")
  }),

  law("keep() raises the beat, and the checkpoint only where one is given", function* (leases, whose) {
    const name = `${whose}/shard`
    const first = yield* taken(leases, name)
    const steps = [[undefined, undefined], ["1", "1"], [undefined, "1"], ["", ""], [
      "äöü 漢字 😀 '; --",
      "äöü 漢字 😀 '; --",
    ]]
    for (const [i, [given, want]] of steps.entries()) {
      // Always with the lease as it was taken: its holder need not have heard of its own beats.
      const kept = yield* leases.keep(first, given)
      yield* same(kept, { ...first, beat: i + 1, checkpoint: want }, `beat ${i + 1}`)
      yield* same(yield* one(leases, name), kept, "what is kept")
    }
    yield* same(yield* leases.keep({ ...first, name: `${whose}/none` }), undefined, "one that does not exist")
  }),

  law("the checkpoint survives whoever takes the lease", function* (leases, whose) {
    const name = `${whose}/shard`
    const first = yield* taken(leases, name)
    const kept = (yield* leases.keep(first, "seven"))!
    const second = (yield* leases.take(name, "b", kept))!
    yield* same(second, { ...kept, owner: "b", fence: 2 }, "the next holder's")
    yield* leases.release(second)
    const free = (yield* one(leases, name))!
    yield* same(free, { ...second, owner: "" }, "the released one")
    yield* same((yield* leases.take(name, "c", free))!.checkpoint, "seven", "the last holder's")
  }),

  law("release() gives the lease back, once", function* (leases, whose) {
    const name = `${whose}/shard`
    const lease = yield* taken(leases, name)
    yield* leases.release(lease)
    yield* leases.release(lease)
    const free = (yield* one(leases, name))!
    yield* same(free, { ...lease, owner: "" }, "the released one")
    yield* same(yield* leases.keep(lease), undefined, "what was given back")
    yield* leases.release({ ...lease, name: `${whose}/none` })
    yield* same(yield* leases.list(`${whose}/`), [free], "all")
  }),

  law("remove() forgets the lease and its checkpoint, where it is held", function* (leases, whose) {
    const name = `${whose}/shard`
    const old = yield* taken(leases, name)
    const now = (yield* leases.take(name, "b", old))!
    const kept = (yield* leases.keep(now, "seven"))!
    yield* leases.remove(old)
    yield* same(yield* one(leases, name), kept, "what its holder from before left")
    yield* leases.remove(now)
    yield* leases.remove(now)
    yield* same(yield* leases.list(`${whose}/`), [], "what is left")
    yield* same(yield* leases.keep(now, "late"), undefined, "what was forgotten")
    yield* same(yield* leases.take(name, "b", kept), undefined, "as it was seen before")
    const free = yield* taken(leases, name)
    yield* leases.release(free)
    yield* leases.remove(free)
    yield* same((yield* one(leases, name))?.owner, "", "what was given back")
  }),

  law("list() gives those under a prefix by name, and no others", function* (leases, whose) {
    const names = ["b", "a", "a.b", "a/b", "a/b/c", "B", "a~", "10", "2", "%", "_", "é", "'; --", "x".repeat(200)]
    const all: Array<Lease> = []
    for (const name of names) all.push(yield* taken(leases, `${whose}/${name}`))
    yield* taken(leases, `${whose}.x/foreign`)
    yield* taken(leases, `${whose}-/foreign`)
    yield* taken(leases, whose.slice(0, -1) + "/foreign")
    const want = all.toSorted((a, b) => a.name < b.name ? -1 : 1)
    for (const prefix of ["", "a", "a/", "a/b", "%", "_", "é", "x", "none"]) {
      const found = yield* leases.list(`${whose}/${prefix}`)
      yield* same(found, want.filter(({ name }) => name.startsWith(`${whose}/${prefix}`)), `under ${prefix}`)
    }
  }),

  law("a beat of many at once is counted each", function* (leases, whose) {
    const lease = yield* taken(leases, `${whose}/shard`)
    const beats = yield* Effect.all(Array.from({ length: 16 }, () => leases.keep(lease)), { concurrency: "unbounded" })
    yield* holds(beats.every((kept) => kept !== undefined), "a beat was refused")
    yield* same((yield* one(leases, lease.name))?.beat, 16, "beats")
  }),
]

/** Each build of `open` opens the same data. */
const half = <E>(open: Layer.Layer<Leases, E>) => <A, E2>(body: (leases: Shape) => Effect.Effect<A, E2>) =>
  Effect.flatMap(Effect.service(Leases), body).pipe(Effect.provide(Layer.fresh(open)))

/** The laws of leases that outlive their keeper. */
export const reopened = <E>(open: Layer.Layer<Leases, E>): ReadonlyArray<Law<never>> => [{
  name: "leases and checkpoints outlive the keeper, and fence across it",
  law: Effect.gen(function* () {
    const name = `${yield* freshTenant}/shard`
    const kept = yield* half(open)((leases) =>
      Effect.flatMap(taken(leases, name), (lease) => leases.keep(lease, "seven"))
    )
    yield* same(yield* half(open)((leases) => one(leases, name)), kept, "what is kept")
    yield* same((yield* half(open)((leases) => leases.keep(kept!)))?.beat, 2, "the holder keeps it")
    const next = yield* half(open)((leases) =>
      Effect.flatMap(one(leases, name), (seen) => leases.take(name, "b", seen))
    )
    yield* same(next, { name, owner: "b", fence: 2, beat: 2, checkpoint: "seven" }, "the next holder's")
    yield* same(yield* half(open)((leases) => leases.keep(kept!, "late")), undefined, "the old holder")
  }),
}]

/** The laws of bounds, which lower them. */
export const bounded = <E>(open: Layer.Layer<Leases, E>): ReadonlyArray<Law<never>> => [{
  name: "list() refuses more leases than the limit says, and cuts none off",
  law: Effect.gen(function* () {
    const whose = yield* freshTenant
    yield* half(open)(Effect.fnUntraced(function* (leases) {
      for (let i = 0; i < 5; i++) yield* taken(leases, `${whose}/${i}`)
      yield* taken(leases, `${whose}.x/0`)
      yield* same((yield* leases.list(`${whose}/`)).length, 5, "as many as the limit")
      yield* taken(leases, `${whose}/5`)
      const error = yield* Effect.flip(leases.list(`${whose}/`))
      yield* same([error._tag, error.reason], ["StoreUnavailable", "too-many-leases"], "one more")
    }))
  }).pipe(Effect.provideService(Limits, lowered({ leases: 5 }))),
}]
