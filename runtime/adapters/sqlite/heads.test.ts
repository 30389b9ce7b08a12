import { assert, it } from "@effect/vitest"
import { absent, type Located, make } from "./heads.ts"

const at = (streamNo: number): Located => ({ ...absent, streamNo })

it("heads keep the streams used last, and at most twice the capacity", () => {
  const heads = make(10)
  heads.set("used", at(1_000))
  for (let i = 0; i < 95; i++) {
    heads.set(`s-${i}`, at(i))
    assert.strictEqual(heads.get("used")?.streamNo, 1_000)
  }
  for (let i = 87; i < 95; i++) assert.strictEqual(heads.get(`s-${i}`)?.streamNo, i)
  const known = Array.from({ length: 95 }, (_, i) => heads.get(`s-${i}`)).filter((one) => one !== undefined)
  assert.isAtMost(known.length, 20)
})

it("heads give the newest entry of a stream, whichever generation holds an older one", () => {
  const heads = make(2)
  for (const name of ["a", "b", "c"]) heads.set(name, at(1))
  heads.set("a", at(2))
  assert.strictEqual(heads.get("a")?.streamNo, 2)
  heads.clear()
  assert.strictEqual(heads.get("a"), undefined)
})
