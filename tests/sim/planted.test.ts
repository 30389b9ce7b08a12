import { assert, describe, it } from "@effect/vitest"
import { ownHands } from "../../testing/simulation/travel/crew.ts"
import { foundOnTheWay, isFoundOnTheWay, onTheWay } from "./planted/travel.ts"
import { clean, foundAt, hunt, isFound, planted, seedsMax } from "./planted/hunt.ts"

describe("a planted bug", () => {
  it("has a name of its own and a seed", () => {
    assert.isAtLeast(new Set(planted.map(({ name }) => name)).size, 10)
    assert.deepEqual(Object.keys(foundAt).toSorted(), planted.map(({ name }) => name).toSorted())
  })
  for (const bug of planted) {
    it(`that ${bug.name} is found`, { timeout: 60_000 }, async () => {
      const stored = foundAt[bug.name]!
      const seed = await isFound(bug, stored) ? stored : await hunt(bug)
      assert.isDefined(seed, `not found within ${seedsMax} seeds`)
      if (seed !== stored) console.warn(`"${bug.name}" is no longer found at seed ${stored}, but at ${seed}`)
      assert.isFalse(await isFound({ ...bug, ...clean }, seed!), `seed ${seed} fails without the bug too`)
    })
  }
})

describe("a planted bug of the workers", () => {
  it("has a name of its own and a seed", () => {
    assert.isAtLeast(new Set(onTheWay.map(({ name }) => name)).size, 10)
    assert.deepEqual(Object.keys(foundOnTheWay).toSorted(), onTheWay.map(({ name }) => name).toSorted())
  })
  for (const bug of onTheWay) {
    it(`that ${bug.name} is found`, { timeout: 120_000 }, async () => {
      const stored = foundOnTheWay[bug.name]!
      let seed = stored
      for (let next = 1; next <= seedsMax && !(await isFoundOnTheWay(bug, seed)); next++) seed = next
      if (seed !== stored) console.warn(`"${bug.name}" is no longer found at seed ${stored}, but at ${seed}`)
      assert.isBelow(seed, seedsMax, `not found within ${seedsMax} seeds`)
      assert.isFalse(await isFoundOnTheWay({ ...bug, hands: ownHands }, seed), `seed ${seed} fails without the bug too`)
    })
  }
})
