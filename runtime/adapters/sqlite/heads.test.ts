import { assert, it } from "@effect/vitest"
import { streamOf } from "../../../core/laws/fixtures.ts"
import { empty } from "../../../core/Stream.ts"
import { type Located, make } from "./heads.ts"

const of = (id: string) => streamOf("t", id)
const at = (streamNo: number): Located => ({ streamNo, kindNo: 0, head: empty })

it("heads keep the streams used last, and at most twice the capacity", () => {
  const heads = make(10)
  heads.set(of("used"), at(1_000))
  for (let i = 0; i < 95; i++) {
    heads.set(of(`s-${i}`), at(i))
    assert.strictEqual(heads.get(of("used"))?.streamNo, 1_000)
  }
  for (let i = 87; i < 95; i++) assert.strictEqual(heads.get(of(`s-${i}`))?.streamNo, i)
  const known = Array.from({ length: 95 }, (_, i) => heads.get(of(`s-${i}`))).filter((one) => one !== undefined)
  assert.isAtMost(known.length, 20)
})

it("heads give the newest entry of a stream, whichever generation holds an older one", () => {
  const heads = make(2)
  for (const name of ["a", "b", "c"]) heads.set(of(name), at(1))
  heads.set(of("a"), at(2))
  assert.strictEqual(heads.get(of("a"))?.streamNo, 2)
  heads.clear()
  assert.strictEqual(heads.get(of("a")), undefined)
})

it("heads keep streams of one id apart", () => {
  const heads = make(10)
  const streams = [streamOf("t", "a"), streamOf("u", "a"), streamOf("t", "a", "Cart")]
  for (const [i, stream] of streams.entries()) heads.set(stream, at(i))
  assert.deepEqual(streams.map((stream) => heads.get(stream)?.streamNo), [0, 1, 2])
  assert.strictEqual(heads.get(streamOf("u", "a", "Cart")), undefined)
})
