/**
 * The breaking change that docs/schemas.md tells of, done as it is told.
 * @module
 */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { readFileSync } from "node:fs"
import { relative } from "node:path"
import { blocksOf, edited } from "../../tests/docs/blocks.ts"
import { check as checkVerb } from "./check.ts"
import { fixture } from "./fixture.ts"
import { acceptEvolve, generate } from "./generate.ts"

const check = checkVerb(() => Layer.effectContext(Effect.die("no store is asked")))

it("docs/schemas.md leads from red to green", async () => {
  const blocks = blocksOf(readFileSync("docs/schemas.md", "utf8"))
  const [said, changes] = ["check says", "change"].map((mark) => blocks.filter((block) => block.mark === mark))
  assert.deepStrictEqual([said!.length, changes!.length], [3, 2])
  const shop = fixture("cli/template", ["GiftCard.contract.ts", "GiftCard.ts", "app.ts", "events.lock"])
  try {
    await shop.run(generate)
    // Of places as from the application's own folder.
    const saidNow = async () => (await shop.run(check)).text.replaceAll(`${relative(".", shop.folder)}/`, "")
    const change = (index: number) =>
      shop.put("GiftCard.contract.ts", edited(shop.read("GiftCard.contract.ts"), changes![index]!.text))
    change(0)
    assert.strictEqual(await saidNow(), said![0]!.text)
    change(1)
    assert.strictEqual(await saidNow(), said![1]!.text)
    assert.strictEqual((await shop.run(acceptEvolve, { AGGREGATE: "GiftCard" })).code, 0)
    assert.strictEqual((await shop.run(generate)).code, 0)
    assert.strictEqual(await saidNow(), said![2]!.text)
  } finally {
    shop.remove()
  }
})
